import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Expected, Received } from '../../../long-run/oracle/exchange.ts'
import { Oracle } from '../../../long-run/oracle/oracle.ts'

const [MINE, OTHER] = ['1'.repeat(32), '2'.repeat(32)]
const BODY = { bytes: 3, sha256: 'aa' }
const expected: Expected = {
  ...{ kind: 'change', nonce: MINE, entrance: 'replica-0', upstream: 'first', startedAt: 100, status: 200 },
  ...{ principal: { user: 'user-0', project: 'alpha' }, body: BODY, deliveries: 1 },
}
const right: Received = {
  ...{ endedAt: 110, status: 200, nonce: MINE, headerNonce: MINE, user: 'user-0', project: 'alpha' },
  ...{ upstream: 'first', body: BODY, deliveries: 1 },
}
const denied: Expected = { ...expected, status: 403, reason: 'not-in-project' }
const streamed: Expected = { ...expected, body: undefined, responseBytes: 10 }

/** What becomes of a response. @param outage of the upstream `first`, from and until */
function verdictOf(asked: Expected, received: Received, outage?: readonly [from: number, until: number]): string {
  const oracle = new Oracle()
  if (outage !== undefined) oracle.outages.begin('first', outage[0])(outage[1])
  oracle.asks(asked)
  oracle.check(asked, received)
  const { right: accepted, excused } = oracle.total
  return accepted > 0 ? 'right' : excused > 0 ? 'excused' : (oracle.wrong[0]?.verdict ?? 'none')
}

test('the response to the own request is right', () => {
  assert.equal(verdictOf(expected, right), 'right')
  assert.equal(verdictOf(denied, { endedAt: 110, status: 403, reason: 'not-in-project' }), 'right')
})

const CROSSED: readonly (readonly [string, Partial<Received>])[] = [
  ['the nonce of another request', { nonce: OTHER }],
  ['another nonce in the request header', { headerNonce: OTHER }],
  ['another user', { user: 'user-1' }],
  ['another project', { project: 'beta' }],
  ['bytes of another body', { foreign: 'bytes of another body after 0' }],
]
for (const [what, change] of CROSSED)
  test(`a response with ${what} is crossed, also during an outage`, () => {
    assert.equal(verdictOf(expected, { ...right, ...change }), 'crossed')
    assert.equal(verdictOf(expected, { ...right, ...change, failure: 'cut' }, [0, 200]), 'crossed')
  })

test('a crossed response names the request that it belongs to', () => {
  const oracle = new Oracle()
  const other = { ...expected, nonce: OTHER, principal: { user: 'user-1', project: 'beta' } }
  for (const each of [expected, other]) oracle.asks(each)
  oracle.check(expected, { ...right, nonce: OTHER, user: 'user-1', project: 'beta' })
  assert.equal(oracle.wrong[0]?.belongsTo?.principal?.user, 'user-1')
})

const UNEXPECTED: readonly (readonly [string, Partial<Received>])[] = [
  ['another status', { status: 500 }],
  ['no nonce', { nonce: undefined }],
  ['no user', { user: undefined }],
  ['another checksum of the body', { body: { ...BODY, sha256: 'bb' } }],
  ['another length of the body', { body: { ...BODY, bytes: 4 } }],
  ['another upstream', { upstream: 'second' }],
  ['a second delivery of what must not be repeated', { deliveries: 2 }],
  ['a timeout', { failure: 'timeout' }],
]
for (const [what, change] of UNEXPECTED)
  test(`a response with ${what} is wrong, also during an outage`, () => {
    assert.equal(verdictOf(expected, { ...right, ...change }), 'unexpected')
    assert.equal(verdictOf(expected, { ...right, ...change }, [0, 200]), 'unexpected')
  })

const DOWN: Received = { endedAt: 110, status: 502, reason: 'upstream-down' }
const CUT: Received = { endedAt: 110, status: 200, nonce: MINE, failure: 'cut' }

test('an outage of the upstream excuses a failure of a request that was under way', () => {
  for (const received of [DOWN, CUT]) {
    assert.equal(verdictOf(expected, received, [105, 106]), 'excused')
    assert.equal(verdictOf(expected, received, [0, 99]), 'excused', 'shortly after it is ready')
  }
})

test('an outage excuses nothing before it, long after it, or at another upstream', () => {
  for (const received of [DOWN, CUT]) {
    assert.equal(verdictOf(expected, received), 'unexpected')
    assert.equal(verdictOf(expected, received, [111, 200]), 'unexpected')
    assert.equal(verdictOf({ ...expected, startedAt: 9000 }, { ...received, endedAt: 9001 }, [0, 100]), 'unexpected')
    assert.equal(verdictOf({ ...expected, upstream: 'second' }, received, [0, 200]), 'unexpected')
  }
})

test('an outage excuses no other denial, and no denial is excused by it', () => {
  assert.equal(verdictOf(expected, { ...DOWN, reason: 'internal' }, [0, 200]), 'unexpected')
  assert.equal(verdictOf(expected, { ...DOWN, status: 401, reason: 'login-required' }, [0, 200]), 'unexpected')
  assert.equal(verdictOf(denied, DOWN, [0, 200]), 'unexpected')
})

test('a denial with another reason is wrong, and so is a response where a denial was expected', () => {
  assert.equal(verdictOf(denied, { endedAt: 110, status: 403, reason: 'admin-only' }), 'unexpected')
  assert.equal(verdictOf(denied, right), 'unexpected')
})

test('a stream without its end is wrong, except through a Caddy that hides the cut of an outage', () => {
  const short: Received = { ...right, bytes: 4 }
  assert.equal(verdictOf(streamed, { ...right, bytes: 10 }), 'right')
  assert.equal(verdictOf(streamed, short, [0, 200]), 'unexpected')
  assert.equal(verdictOf({ ...streamed, entrance: 'caddy' }, short), 'unexpected')
  assert.equal(verdictOf({ ...streamed, entrance: 'caddy' }, short, [0, 200]), 'excused')
})

test('a response that the upstream breaks must not look complete', () => {
  const breaks: Expected = { ...expected, body: undefined, cut: true }
  assert.equal(verdictOf(breaks, { ...right, failure: 'cut' }), 'right')
  assert.equal(verdictOf(breaks, right), 'unexpected')
})

test('whatever a client gets that leaves is right, unless it is of another request', () => {
  const { status: _, ...leaves } = expected
  assert.equal(verdictOf(leaves, { endedAt: 110 }), 'right')
  assert.equal(verdictOf(leaves, { endedAt: 110, nonce: OTHER }), 'crossed')
})

test('a denial that the log contradicts is no longer right', () => {
  const oracle = new Oracle()
  oracle.check(denied, { endedAt: 110, status: 403, reason: 'not-in-project' })
  oracle.reject(denied, { endedAt: 110 }, 'the log says something else')
  assert.deepEqual(oracle.total, { right: 0, excused: 0, wrong: 1 })
})
