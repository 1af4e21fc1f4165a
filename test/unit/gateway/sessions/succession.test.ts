import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreDown } from '../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { login, MovedClock, SECRET, START, startSessions } from './kit.ts'

/** Sessions that replace others in one process, because a setting changed. */

const OTHER = 'another-secret-of-the-tests-with-32-bytes'

test('a session stays valid under other settings and an additional secret', async () => {
  const first = startSessions()
  const { cookie, session } = await first.signIn()
  const { backend, clock } = first
  const next = startSessions({ backend, clock, previous: first.sessions, session: { secrets: [OTHER, SECRET] } })
  first.sessions.retire()
  assert.equal((await next.sessions.load(cookie))?.key, session.key)
  await next.sessions.endByKey(session.key)
  assert.equal(await next.sessions.load(cookie), undefined)
})

test('a session whose secret was withdrawn is invalid, even where it was cached', async () => {
  const first = startSessions()
  const { cookie } = await first.signIn()
  const { backend, clock } = first
  const next = startSessions({ backend, clock, previous: first.sessions, session: { secrets: [OTHER] } })
  assert.equal(next.sessions.peek(cookie), 'none')
})

test('tokens that could not be stored survive the replacement of the sessions', async () => {
  const clock = new MovedClock()
  const backend = new MemoryBackend(clock.read)
  let requests = 0
  const refresh = async () => {
    requests += 1
    const tokens = { accessToken: 'new', accessExpiresAt: START + 36_000_000, refreshToken: 'rotated', idToken: 'id' }
    return { tokens, principal: login().principal }
  }
  const first = startSessions({ clock, backend, refresh })
  const { cookie } = await first.signIn({}, 300)
  clock.advance(301)
  const replace = backend.replace.bind(backend)
  backend.replace = () => Promise.reject(new StoreDown('away for a moment'))
  await first.sessions.load(cookie)
  backend.replace = replace
  const next = startSessions({ clock, backend, refresh, previous: first.sessions, session: { idleSeconds: 7200 } })
  first.sessions.retire()
  clock.advance(1500) // after the grace period, so that the request waits for the tokens
  assert.equal((await next.sessions.load(cookie))?.tokens.refreshToken, 'rotated')
  assert.equal(requests, 1)
})
