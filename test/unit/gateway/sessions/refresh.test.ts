import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Reason, Refusal } from '../../../../src/gateway/errors.ts'
import type { Principal } from '../../../../src/gateway/policy/types.ts'
import type { RefreshTokens } from '../../../../src/gateway/sessions/refresh/refresher.ts'
import { StoreDown } from '../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { login, MovedClock, START, startSessions } from './kit.ts'

/** An issuer that counts how often it is asked, and answers when and as the test says. */
class Issuer {
  asked = 0
  answer: 'tokens' | 'ended' | 'outage' = 'tokens'
  principal: Principal = login().principal
  #held: (() => void)[] = []
  #holding = false

  readonly refresh: RefreshTokens = async () => {
    const turn = ++this.asked
    if (this.#holding) await new Promise<void>((resolve) => this.#held.push(resolve))
    if (this.answer === 'ended') return 'ended'
    if (this.answer === 'outage') throw new Error('connect ECONNREFUSED')
    const accessExpiresAt = START + 36_000_000
    const tokens = { accessToken: `new-${turn}`, accessExpiresAt, refreshToken: `rotated-${turn}`, idToken: 'id-2' }
    return { tokens, principal: this.principal }
  }

  /** Keeps answers back until {@link release}. */
  hold(): void {
    this.#holding = true
  }

  release(): void {
    this.#holding = false
    for (const go of this.#held.splice(0)) go()
  }
}

/** Lets work that was started behind a request come to its end. */
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const refusedWith = (reason: Reason) => (error: unknown) => error instanceof Refusal && error.reason === reason

test('200 requests with an expired access token wait for one refresh', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal(sessions.peek(cookie), undefined)
  const found = await Promise.all(Array.from({ length: 200 }, () => sessions.load(cookie)))
  assert.equal(issuer.asked, 1)
  assert.ok(found.every((session) => session?.tokens.accessToken === 'new-1'))
  assert.equal(sessions.peek(cookie), found[0])
})

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
  assert.equal(issuer.asked, 1)
  assert.ok(found.every((session) => session?.tokens.refreshToken === 'rotated-1'))
})

test('a token that is still valid is refreshed behind the request, once', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { refreshBeforeSeconds: 60 } })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(239)
  assert.equal(sessions.peek(cookie), session)
  await settle()
  assert.equal(issuer.asked, 0)
  clock.advance(1)
  issuer.hold()
  for (let request = 0; request < 50; request++) assert.equal(sessions.peek(cookie), session)
  assert.equal(await sessions.load(cookie), session)
  issuer.release()
  await settle()
  assert.equal(issuer.asked, 1)
  const refreshed = sessions.peek(cookie)
  assert.ok(typeof refreshed === 'object' && refreshed.tokens.accessToken === 'new-1')
})

test('refreshBeforeSeconds 0 leaves a token alone until it has expired', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { refreshBeforeSeconds: 0 } })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(299)
  assert.equal(sessions.peek(cookie), session)
  await settle()
  assert.equal(issuer.asked, 0)
})

test('groups that changed at the issuer change with the refresh, the selected project stays', async () => {
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
  issuer.answer = 'ended'
  const { sessions, backend, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal(await sessions.load(cookie), undefined)
  assert.equal(await backend.get(session.key), undefined)
})

test('a refresh that answers with another subject ends the session', async () => {
  const issuer = new Issuer()
  issuer.principal = { ...login().principal, subject: 'bob-sub' }
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal(await sessions.load(cookie), undefined)
})

test('an outage of the issuer lets sessions go on until the grace is over, then refuses without ending them', async () => {
  const issuer = new Issuer()
  issuer.answer = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { issuerGraceSeconds: 600 } })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.deepEqual(await sessions.load(cookie), session)
  clock.advance(598)
  assert.deepEqual(sessions.peek(cookie), session)
  clock.advance(1)
  assert.equal(sessions.peek(cookie), undefined)
  await assert.rejects(sessions.load(cookie), refusedWith('issuer-down'))
  issuer.answer = 'tokens'
  clock.advance(30)
  assert.equal((await sessions.load(cookie))?.tokens.idToken, 'id-2')
})

test('issuerGraceSeconds 0 refuses as soon as the token has expired', async () => {
  const issuer = new Issuer()
  issuer.answer = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { issuerGraceSeconds: 0 } })
  const { cookie } = await signIn({}, 300)
  clock.advance(300)
  await assert.rejects(sessions.load(cookie), refusedWith('issuer-down'))
})

test('a failing issuer is asked again after a pause that grows, not by each request', async () => {
  const issuer = new Issuer()
  issuer.answer = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(240)
  const asked: number[] = []
  for (let second = 0; second < 20; second++) {
    for (let request = 0; request < 10; request++) await sessions.load(cookie)
    await settle()
    asked.push(issuer.asked)
    clock.advance(1)
  }
  assert.deepEqual([asked[0], asked[1], asked[2], asked[5], asked[6], asked[13], asked[14]], [1, 1, 2, 2, 3, 3, 4])
})

test('past the grace a waiting pause refuses at once and says when to come back', async () => {
  const issuer = new Issuer()
  issuer.answer = 'outage'
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh, session: { issuerGraceSeconds: 0 } })
  const { cookie } = await signIn({}, 300)
  clock.advance(300)
  await assert.rejects(sessions.load(cookie))
  await assert.rejects(sessions.load(cookie), (error) => {
    assert.ok(error instanceof Refusal)
    assert.equal(error.headers['Retry-After'], '2')
    return true
  })
  assert.equal(issuer.asked, 1)
})

test('without a refresh token a session lives by its own limits', async () => {
  const issuer = new Issuer()
  const { sessions, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const tokens = { accessToken: 'access-1', accessExpiresAt: START + 300_000, idToken: 'id-1' }
  const { session, cookie } = await signIn({ tokens })
  clock.advance(1000)
  assert.equal(sessions.peek(cookie), session)
  assert.equal(issuer.asked, 0)
})

test('an issuer that does not rotate leaves the refresh token as it was', async () => {
  const refresh: RefreshTokens = async () => ({
    tokens: { accessToken: 'new', accessExpiresAt: START + 36_000_000, idToken: 'id-2' },
    principal: login().principal,
  })
  const { sessions, clock, signIn } = startSessions({ refresh })
  const { cookie } = await signIn({}, 300)
  clock.advance(301)
  assert.equal((await sessions.load(cookie))?.tokens.refreshToken, 'refresh-1')
})

test('a holder of the lease that was killed is followed by another process', async () => {
  const issuer = new Issuer()
  const { sessions, backend, clock, signIn } = startSessions({ refresh: issuer.refresh })
  const { session, cookie } = await signIn({}, 300)
  clock.advance(301)
  await backend.acquireLease(`refresh ${session.key}`, 10) // and never a word again
  const loading = sessions.load(cookie)
  await settle()
  assert.equal(issuer.asked, 0)
  clock.advance(10)
  assert.equal((await loading)?.tokens.accessToken, 'new-1')
})

test('a process that waits learns of another’s failure at once, lets the session go on, and asks no sooner', async () => {
  const issuer = new Issuer()
  issuer.answer = 'outage'
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
  assert.equal(issuer.asked, 1)
  clock.advance(2)
  issuer.answer = 'tokens'
  await other.sessions.load(cookie)
  await settle()
  assert.equal((await sessions.load(cookie))?.tokens.accessToken, 'new-2')
  assert.equal(issuer.asked, 2)
})

test('a process that waits takes the tokens another one stored', async () => {
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
  assert.equal(issuer.asked, 1)
})

test('a holder whose lease lapsed does not overwrite the tokens of its successor', async () => {
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
  assert.equal(second.asked, 1)
  assert.deepEqual(await quick.sessions.load(cookie), stored)
})

test('a refusal that only means another process was quicker does not end the session', async () => {
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
  first.answer = 'ended'
  first.release()
  assert.equal((await late)?.tokens.accessToken, 'new-1')
})

test('tokens that the store did not take are kept and stored later, the grant is not used twice', async () => {
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
  assert.equal(issuer.asked, 1)
})

test('a session whose store cannot lease is refused with store-down once its tokens are past the grace', async () => {
  const clock = new MovedClock()
  const backend = new MemoryBackend(clock.read)
  const issuer = new Issuer()
  const session = { issuerGraceSeconds: 0 }
  const { sessions, signIn } = startSessions({ refresh: issuer.refresh, clock, backend, session })
  const { cookie } = await signIn({}, 300)
  clock.advance(300)
  backend.acquireLease = () => Promise.reject(new StoreDown('no route to host'))
  await assert.rejects(sessions.load(cookie), refusedWith('store-down'))
  assert.equal(issuer.asked, 0)
})

test('closing waits for a refresh under way, so that a rotated token is not lost', async () => {
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
