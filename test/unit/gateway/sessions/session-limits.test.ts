import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionLimits } from '../../../../src/gateway/sessions/session-limits.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { login, MovedClock, START, startSessions } from './kit.ts'

/** Lets writes that a request started in the background finish. */
const settle = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('a session expires idleSeconds after its last use, in memory and in the store', async () => {
  const { sessions, clock, signIn } = startSessions({ session: { idleSeconds: 600 } })
  const { session, cookie } = await signIn()
  clock.advance(599)
  assert.equal(sessions.peek(cookie), session)
  clock.advance(600)
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
})

test('a use is stored a tenth of the idle time after the last one, whatever the clock of the writer', () => {
  const limits = new SessionLimits({ idleSeconds: 60, absoluteSeconds: 3600 })
  const session = { ...login(), key: 'k', createdAt: START, lastSeenAt: START + 120_000 }
  assert.equal(limits.touchAt(session, START + 60_000), START + 6000)
})

test('no use is stored once the absolute limit ends the session', () => {
  const limits = new SessionLimits({ idleSeconds: 60, absoluteSeconds: 3600 })
  const session = { ...login(), key: 'k', createdAt: START, lastSeenAt: START }
  const end = START + 3_600_000
  assert.equal(limits.touchAt(session, end - 1), end - 1 - 60_000 + 6000)
  for (const expiresAt of [end, end + 1]) assert.equal(limits.touchAt(session, expiresAt), Number.POSITIVE_INFINITY)
})

test('each use moves the idle limit', async () => {
  const { sessions, clock, signIn } = startSessions({ session: { idleSeconds: 600 } })
  const { session, cookie } = await signIn()
  for (let use = 0; use < 20; use++) {
    clock.advance(500)
    assert.equal(sessions.peek(cookie), session)
    await settle()
  }
})

test('a session expires absoluteSeconds after sign-in, however often it is used', async () => {
  const { sessions, clock, signIn } = startSessions({ session: { idleSeconds: 600, absoluteSeconds: 3600 } })
  const { session, cookie } = await signIn()
  for (let minute = 0; minute < 59; minute++) {
    clock.advance(60)
    assert.equal(sessions.peek(cookie), session, `minute ${minute}`)
    await settle()
  }
  clock.advance(60)
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
})

test('a change of the session does not prolong its absolute limit', async () => {
  const { sessions, clock, signIn } = startSessions({ session: { idleSeconds: 600, absoluteSeconds: 660 } })
  const { session, cookie } = await signIn()
  clock.advance(500)
  await sessions.selectProject(session, '11111111-1111-4111-8111-111111111111')
  clock.advance(160)
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
})

test('a shorter idle limit applies to existing sessions at their next use', async () => {
  const { backend, clock, signIn } = startSessions({ session: { idleSeconds: 3600 } })
  const { cookie } = await signIn()
  const { sessions } = startSessions({ session: { idleSeconds: 600 }, backend, clock })
  clock.advance(60)
  assert.equal((await sessions.load(cookie))?.lastSeenAt, clock.now)
  await settle()
  clock.advance(600)
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
})

test('a shorter absolute limit applies to existing sessions', async () => {
  const { backend, clock, signIn } = startSessions({ session: { absoluteSeconds: 43_200 } })
  const { cookie } = await signIn()
  clock.advance(1200)
  const stricter = startSessions({ backend, clock, session: { absoluteSeconds: 1200 } })
  assert.equal(await stricter.sessions.load(cookie), undefined)
})

test('uses are written at most once in a tenth of the idle time, and at most once a minute', async () => {
  for (const [idleSeconds, every] of [
    [100, 10],
    [3600, 60],
  ] as const) {
    const clock = new MovedClock()
    const backend = new MemoryBackend(clock.read)
    const touched: number[] = []
    const touch = backend.touch.bind(backend)
    backend.touch = (key, expiresAt) => {
      touched.push(expiresAt - clock.now)
      return touch(key, expiresAt)
    }
    const { sessions, signIn } = startSessions({ backend, clock, session: { idleSeconds } })
    const { cookie } = await signIn()
    for (let second = 1; second <= every * 3; second++) {
      clock.advance(1)
      for (let request = 0; request < 5; request++) sessions.peek(cookie)
      await settle()
    }
    assert.deepEqual(touched, [idleSeconds * 1000, idleSeconds * 1000, idleSeconds * 1000])
  }
})

test('another process computes idleness from the last stored use', async () => {
  const first = startSessions({ session: { idleSeconds: 600 } })
  const { cookie } = await first.signIn()
  first.clock.advance(400)
  first.sessions.peek(cookie)
  await settle()
  first.clock.advance(400)
  const second = startSessions({ backend: first.backend, clock: first.clock, session: { idleSeconds: 600 } })
  const taken = await second.sessions.load(cookie)
  assert.equal(taken?.lastSeenAt, first.clock.now - 400_000)
})

test('a use that cannot be stored fails no request', async () => {
  const { sessions, backend, clock, signIn } = startSessions()
  const { session, cookie } = await signIn()
  backend.touch = () => Promise.reject(new Error('disk full'))
  clock.advance(120)
  assert.equal(sessions.peek(cookie), session)
  await settle()
  assert.equal(sessions.peek(cookie), session)
})
