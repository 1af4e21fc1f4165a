import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KnownSession, SessionCache } from '../../../../src/gateway/sessions/cache/session-cache.ts'
import type { Session } from '../../../../src/gateway/sessions/session.ts'

/** A process remembers sessions that it may still serve, and no others: a store does not tell when one just expires. */

const known = (key: string, confirmedAt: number, expiresAt: number): KnownSession => ({
  session: { key } as Session,
  ...{ confirmedAt, expiresAt, freshUntil: confirmedAt + 5, touchAt: expiresAt, refreshAt: expiresAt },
})

test('a session that has expired is forgotten when the next one is read', () => {
  const cache = new SessionCache(10)
  cache.set('cookie-a', known('a', 0, 10))
  cache.set('cookie-b', known('b', 9, 30))
  assert.equal(cache.cookieOf('a'), 'cookie-a')
  cache.set('cookie-c', known('c', 10, 30))
  assert.equal(cache.get('cookie-a'), undefined)
  assert.equal(cache.cookieOf('a'), undefined)
  assert.equal(cache.cookieOf('b'), 'cookie-b')
})

test('a session whose limit was moved by its use is not forgotten', () => {
  const cache = new SessionCache(10)
  const used = known('a', 0, 10)
  cache.set('cookie-a', used)
  used.expiresAt = 40
  cache.set('cookie-b', known('b', 20, 30))
  assert.equal(cache.get('cookie-a'), used)
})

test('a session that is read again keeps its one place', () => {
  const cache = new SessionCache(10)
  cache.set('cookie-a', known('a', 0, 10))
  cache.set('cookie-a', known('a', 12, 30))
  assert.equal(cache.get('cookie-a')?.expiresAt, 30)
  assert.equal(cache.cookieOf('a'), 'cookie-a')
})

test('forgetting an expired session is not a change of any session', () => {
  const cache = new SessionCache(10)
  cache.set('cookie-a', known('a', 0, 10))
  const { changes, endings } = cache
  cache.set('cookie-b', known('b', 20, 30))
  assert.deepEqual([cache.changes, cache.endings], [changes, endings])
})
