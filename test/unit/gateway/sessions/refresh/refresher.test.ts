import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import type { RefreshTokens } from '../../../../../src/gateway/sessions/refresh/refresher.ts'
import { StoreDown } from '../../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../../src/gateway/sessions/stores/memory.ts'
import { login, MovedClock, START, startSessions } from '../kit.ts'
import { Issuer, refusedWith, settle } from './kit.ts'

test('200 requests with an expired access token wait for one refresh', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal(sessions.peek(cookie), undefined)
  const found = await Promise.all(Array.from({ length: 200 }, () => sessions.load(cookie)))
  assert.equal(issuer.requests, 1)
  assert.ok(found.every((session) => session?.tokens.accessToken === 'new-1'))
  assert.equal(sessions.peek(cookie), found[0])
})

test('a token that is still valid is refreshed in the background, once', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { refreshBeforeSeconds: 60 } })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(239)
  assert.equal(sessions.peek(cookie), session)
  await settle()
  assert.equal(issuer.requests, 0)
  clock.advance(1)
  issuer.hold()
  for (let request = 0; request < 50; request++) assert.equal(sessions.peek(cookie), session)
  assert.equal(await sessions.load(cookie), session)
  issuer.release()
  await settle()
  assert.equal(issuer.requests, 1)
  const refreshed = sessions.peek(cookie)
  assert.ok(typeof refreshed === 'object' && refreshed.tokens.accessToken === 'new-1')
})

test('with refreshBeforeSeconds 0 a token is refreshed only after it has expired', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { refreshBeforeSeconds: 0 } })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(299)
  assert.equal(sessions.peek(cookie), session)
  await settle()
  assert.equal(issuer.requests, 0)
})

test('a refresh keeps how and when the user authenticated; it can take the level away', async () => {
  for (const losesAcr of [false, true]) {
    const issuer = new Issuer()
    issuer.losesAcr = losesAcr
    const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
    const { cookie } = await signIn({ acr: 'gold', authenticatedAt: START - 5000 }, 300)
    clock.advance(301)
    const refreshed = await sessions.load(cookie)
    assert.equal(refreshed?.tokens.accessToken, 'new-1')
    assert.deepEqual([refreshed?.acr, refreshed?.authenticatedAt], [losesAcr ? undefined : 'gold', START - 5000])
  }
})

test('a refresh updates the groups and keeps the selected project', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { session, cookie } = await signIn({}, 300)
  await sessions.selectProject(session, '11111111-1111-4111-8111-111111111111')
  issuer.principal = { ...session.principal, groups: new Set(['project-beta']) }
  clock.advance(301)
  const refreshed = await sessions.load(cookie)
  assert.deepEqual([...(refreshed?.principal.groups ?? [])], ['project-beta'])
  assert.equal(refreshed?.selectedProject, '11111111-1111-4111-8111-111111111111')
})

test('an ended grant ends the session', async () => {
  const issuer = new Issuer()
  issuer.response = 'ended'
  const { sessions, backend, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal(await sessions.load(cookie), undefined)
  assert.equal(await backend.get(session.key), undefined)
})

test('a refresh that returns another subject ends the session', async () => {
  const issuer = new Issuer()
  issuer.principal = { ...login().principal, subject: 'bob-sub' }
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal(await sessions.load(cookie), undefined)
})

test('sessions survive an outage of the issuer for the grace period, and are then refused without being ended', async () => {
  const issuer = new Issuer()
  issuer.response = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { issuerGraceSeconds: 600 } })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.deepEqual(await sessions.load(cookie), session)
  clock.advance(598)
  assert.deepEqual(sessions.peek(cookie), session)
  clock.advance(1)
  assert.equal(sessions.peek(cookie), undefined)
  await assert.rejects(sessions.load(cookie), refusedWith('issuer-down'))
  issuer.response = 'tokens'
  clock.advance(30)
  assert.equal((await sessions.load(cookie))?.tokens.idToken, 'id-2')
})

test('with issuerGraceSeconds 0 a session is refused as soon as its token has expired', async () => {
  const issuer = new Issuer()
  issuer.response = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { issuerGraceSeconds: 0 } })
  const { cookie } = await signIn({}, 300)
  clock.advance(300)
  await assert.rejects(sessions.load(cookie), refusedWith('issuer-down'))
})

test('a failed refresh is retried after a growing pause, not by each request', async () => {
  const issuer = new Issuer()
  issuer.response = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(240)
  const requests: number[] = []
  for (let second = 0; second < 20; second++) {
    for (let request = 0; request < 10; request++) await sessions.load(cookie)
    await settle()
    requests.push(issuer.requests)
    clock.advance(1)
  }
  assert.deepEqual(
    [requests[0], requests[1], requests[2], requests[5], requests[6], requests[13], requests[14]],
    [1, 1, 2, 2, 3, 3, 4],
  )
})

test('after the grace period a request during the pause is refused at once, with Retry-After', async () => {
  const issuer = new Issuer()
  issuer.response = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { issuerGraceSeconds: 0 } })
  const { cookie } = await signIn({}, 300)
  clock.advance(300)
  await assert.rejects(sessions.load(cookie))
  await assert.rejects(sessions.load(cookie), (error) => {
    assert.ok(error instanceof Refusal)
    assert.equal(error.headers['Retry-After'], '2')
    return true
  })
  assert.equal(issuer.requests, 1)
})

test('without a refresh token a session lasts until its own limits', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const tokens = { accessToken: 'access-1', accessExpiresAt: START + 300_000, idToken: 'id-1' }
  const { session, cookie } = await signIn({ tokens })
  clock.advance(1000)
  assert.equal(sessions.peek(cookie), session)
  assert.equal(issuer.requests, 0)
})

test('a refresh token that the issuer does not rotate is kept', async () => {
  const refresh: RefreshTokens = async () => ({
    tokens: { accessToken: 'new', accessExpiresAt: START + 36_000_000, idToken: 'id-2' },
    principal: login().principal,
  })
  const { sessions, clock, signIn } = startSessions({ refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal((await sessions.load(cookie))?.tokens.refreshToken, 'refresh-1')
})

test('tokens that could not be stored are kept and stored later; the refresh token is not used twice', async () => {
  const issuer = new Issuer()
  const clock = new MovedClock()
  const backend = new MemoryBackend(clock.read)
  const { sessions, signIn } = startSessions({ refresh: issuer.refresh, clock, backend })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  const replace = backend.replace.bind(backend)
  backend.replace = () => Promise.reject(new StoreDown('disk full'))
  assert.deepEqual(await sessions.load(cookie), session)
  backend.replace = replace
  clock.advance(2)
  assert.deepEqual(sessions.peek(cookie), session)
  await settle()
  const refreshed = sessions.peek(cookie)
  assert.ok(typeof refreshed === 'object' && refreshed.tokens.refreshToken === 'rotated-1')
  assert.equal(issuer.requests, 1)
})

test('without a lease from the store a session is refused with store-down after the grace period', async () => {
  const clock = new MovedClock()
  const backend = new MemoryBackend(clock.read)
  const issuer = new Issuer()
  const session = { issuerGraceSeconds: 0 }
  const { sessions, signIn } = startSessions({ refresh: issuer.refresh, clock, backend, session })
  const { cookie } = await signIn({}, 300)
  clock.advance(300)
  backend.acquireLease = () => Promise.reject(new StoreDown('no route to host'))
  await assert.rejects(sessions.load(cookie), refusedWith('store-down'))
  assert.equal(issuer.requests, 0)
})

test('closing waits for a running refresh, so that no rotated token is lost', async () => {
  const issuer = new Issuer()
  const { sessions, backend, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(250)
  issuer.hold()
  sessions.peek(cookie)
  await settle()
  const closing = sessions.close()
  issuer.release()
  await closing
  assert.equal((await backend.get(session.key))?.revision, 2)
})
