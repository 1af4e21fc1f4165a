import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSessions } from '../kit.ts'
import { Issuer, settle } from './kit.ts'

test('200 requests at each of two replicas cause one refresh, and both have the new tokens', async () => {
  const issuer = new Issuer()
  const first = startSessions({ refresh: issuer.refresh })
  const second = startSessions({ refresh: issuer.refresh, clock: first.clock, backend: first.backend })
  const { cookie } = await first.signIn({}, 300)
  first.clock.advance(301)
  issuer.hold()
  const replicas = [first.sessions, second.sessions]
  const loads = replicas.flatMap((sessions) => Array.from({ length: 200 }, () => sessions.load(cookie)))
  await settle()
  issuer.release()
  const found = await Promise.all(loads)
  assert.equal(issuer.requests, 1)
  assert.ok(found.every((session) => session?.tokens.refreshToken === 'rotated-1'))
})

test('when the holder of the lease is killed, another process takes over', async () => {
  const issuer = new Issuer()
  const { sessions, backend, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  await backend.acquireLease(`refresh ${session.key}`, 10) // and never releases it
  const loading = sessions.load(cookie)
  await settle()
  assert.equal(issuer.requests, 0)
  clock.advance(10)
  assert.equal((await loading)?.tokens.accessToken, 'new-1')
})

test('a waiting process learns of a failure at once, keeps the session in use, and retries no sooner', async () => {
  const issuer = new Issuer()
  issuer.response = 'outage'
  const { sessions, clock, signIn, backend } = startSessions({ refresh: issuer.refresh })
  const other = startSessions({ refresh: issuer.refresh, clock, backend })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  issuer.hold()
  const working = sessions.load(cookie)
  await settle()
  const waiting = other.sessions.load(cookie)
  await settle()
  issuer.release()
  const served = await Promise.all([working, waiting])
  assert.deepEqual(
    served.map((each) => each?.tokens),
    [session.tokens, session.tokens],
  )
  assert.equal(issuer.requests, 1)
  clock.advance(2)
  issuer.response = 'tokens'
  await other.sessions.load(cookie)
  await settle()
  assert.equal((await sessions.load(cookie))?.tokens.accessToken, 'new-2')
  assert.equal(issuer.requests, 2)
})

test('a waiting process uses the tokens that another one stored', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn, backend } = startSessions({ refresh: issuer.refresh })
  const slow = startSessions({ refresh: issuer.refresh, clock, backend })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  issuer.hold()
  const winning = sessions.load(cookie)
  await settle()
  const losing = slow.sessions.load(cookie)
  await settle()
  issuer.release()
  assert.deepEqual(await losing, await winning)
  assert.equal(issuer.requests, 1)
})

test('a holder whose lease expired does not overwrite the tokens of its successor', async () => {
  const first = new Issuer()
  const second = new Issuer()
  const slow = startSessions({ refresh: first.refresh })
  const quick = startSessions({ refresh: second.refresh, clock: slow.clock, backend: slow.backend })
  const { cookie } = await slow.signIn({}, 300)
  slow.clock.advance(301)
  first.hold()
  const late = slow.sessions.load(cookie)
  await settle()
  slow.clock.advance(11)
  const stored = await quick.sessions.load(cookie)
  first.release()
  assert.equal((await late)?.lastSeenAt, stored?.lastSeenAt)
  assert.equal(second.requests, 1)
  assert.deepEqual(await quick.sessions.load(cookie), stored)
})

test('a refresh token that another process used first does not end the session', async () => {
  const first = new Issuer()
  const second = new Issuer()
  const slow = startSessions({ refresh: first.refresh })
  const quick = startSessions({ refresh: second.refresh, clock: slow.clock, backend: slow.backend })
  const { cookie } = await slow.signIn({}, 300)
  slow.clock.advance(301)
  first.hold()
  const late = slow.sessions.load(cookie)
  await settle()
  slow.clock.advance(11)
  await quick.sessions.load(cookie)
  first.response = 'ended'
  first.release()
  assert.equal((await late)?.tokens.accessToken, 'new-1')
})
