import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { type SessionBackend, StoreDown } from '../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { login, MovedClock, startSessions } from './kit.ts'

/** A store shared with other processes, which can be taken down. */
class SharedStore extends MemoryBackend {
  override readonly shared = true
  down = false
  reads = 0

  override async get(key: string): ReturnType<SessionBackend['get']> {
    this.reads++
    this.#check()
    return super.get(key)
  }

  override async create(...args: Parameters<SessionBackend['create']>): Promise<void> {
    this.#check()
    return super.create(...args)
  }

  override async end(key: string): Promise<boolean> {
    this.#check()
    return super.end(key)
  }

  override async claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    this.#check()
    return super.claimOnce(name, ttlSeconds)
  }

  override async ping(): Promise<void> {
    this.#check()
  }

  #check(): void {
    if (this.down) throw new StoreDown('connect ECONNREFUSED')
  }
}

function start(session = {}) {
  const clock = new MovedClock()
  const store = new SharedStore(clock.read)
  return { ...startSessions({ clock, backend: store, session }), store }
}

const storeDown = (error: unknown) =>
  error instanceof Refusal && error.reason === 'store-down' && error.headers['Retry-After'] === '5'

test('a process uses its own copy for cacheSeconds, then reads the shared store', async () => {
  const { sessions, store, clock, signIn } = start({ cacheSeconds: 5 })
  const { session, cookie } = await signIn()
  clock.advance(4)
  assert.equal(sessions.peek(cookie), session)
  assert.equal(store.reads, 0)
  clock.advance(1)
  assert.equal(sessions.peek(cookie), undefined)
  assert.ok(await sessions.load(cookie))
  assert.equal(store.reads, 1)
  assert.ok(sessions.peek(cookie))
})

test('with cacheSeconds 0 a shared store is read for each request', async () => {
  const { sessions, store, signIn } = start({ cacheSeconds: 0 })
  const { cookie } = await signIn()
  for (let request = 1; request <= 3; request++) {
    assert.equal(sessions.peek(cookie), undefined)
    assert.ok(await sessions.load(cookie))
    assert.equal(store.reads, request)
  }
})

test('a store of one process is read once, whatever cacheSeconds says', async () => {
  const { sessions, clock, signIn } = startSessions({ session: { cacheSeconds: 0, idleSeconds: 36_000 } })
  const { session, cookie } = await signIn()
  clock.advance(30_000)
  assert.equal(sessions.peek(cookie), session)
})

test('the notification that a session ended removes it from the cache of every process at once', async () => {
  const first = start({ cacheSeconds: 60 })
  const second = startSessions({ backend: first.store, clock: first.clock, session: { cacheSeconds: 60 } })
  const { session, cookie } = await first.signIn()
  assert.ok(await second.sessions.load(cookie))
  const ended: string[] = []
  second.sessions.onEnded((key) => ended.push(key))
  await first.sessions.endByKey(session.key)
  assert.equal(second.sessions.peek(cookie), undefined)
  assert.equal(await second.sessions.load(cookie), undefined)
  assert.deepEqual(ended, [session.key])
})

test('a session that ended during a read is not cached', async () => {
  const { sessions, store, clock, signIn } = start({ cacheSeconds: 60 })
  const { session, cookie } = await signIn()
  const late = startSessions({ backend: store, clock, session: { cacheSeconds: 60 } })
  const get = store.get.bind(store)
  store.get = async (key) => {
    const record = await get(key)
    await sessions.endByKey(session.key)
    return record
  }
  await late.sessions.load(cookie)
  store.get = get
  assert.equal(late.sessions.peek(cookie), undefined)
  assert.equal(await late.sessions.load(cookie), undefined)
})

test('a process caches at most cacheEntries sessions and reads the others from the store', async () => {
  const { sessions, store, signIn } = start({ cacheEntries: 100, cacheSeconds: 60 })
  const signedIn = []
  for (let n = 0; n < 101; n++) signedIn.push(await signIn())
  assert.equal(sessions.peek(signedIn[0]?.cookie), undefined)
  assert.ok(sessions.peek(signedIn[100]?.cookie))
  assert.ok(await sessions.load(signedIn[0]?.cookie))
  assert.equal(store.reads, 1)
})

test('known sessions stay in use for staleSeconds while the store is down, then are refused and not ended', async () => {
  const { sessions, store, clock, signIn } = start({ cacheSeconds: 5, staleSeconds: 300 })
  const { session, cookie } = await signIn()
  store.down = true
  for (let second = 5; second < 300; second += 5) {
    clock.advance(5)
    assert.equal(await sessions.load(cookie), session, `second ${second}`)
  }
  clock.advance(5)
  await assert.rejects(sessions.load(cookie), storeDown)
  store.down = false
  assert.deepEqual((await sessions.load(cookie))?.principal, session.principal)
})

test('with staleSeconds 0 known sessions are refused as soon as the store must be read', async () => {
  const { sessions, store, clock, signIn } = start({ cacheSeconds: 5, staleSeconds: 0 })
  const { cookie } = await signIn()
  store.down = true
  clock.advance(5)
  await assert.rejects(sessions.load(cookie), storeDown)
})

test('a store that is down is tried once a second for a known session, not by each request', async () => {
  const { sessions, store, clock, signIn } = start({ cacheSeconds: 5 })
  const { session, cookie } = await signIn()
  store.down = true
  clock.advance(5)
  for (let request = 0; request < 50; request++) assert.equal(await sessions.load(cookie), session)
  assert.equal(sessions.peek(cookie), session)
  assert.equal(store.reads, 1)
  clock.advance(1)
  await sessions.load(cookie)
  assert.equal(store.reads, 2)
})

test('the limits of a session apply while the store is down', async () => {
  const { sessions, store, clock, signIn } = start({ staleSeconds: 3600, idleSeconds: 100, cacheSeconds: 5 })
  const { cookie } = await signIn()
  store.down = true
  clock.advance(100)
  assert.equal(sessions.peek(cookie), undefined)
  await assert.rejects(sessions.load(cookie), storeDown)
})

test('a session that this process does not know is refused with store-down, never treated as absent', async () => {
  const { store, clock, signIn } = start()
  const { cookie } = await signIn()
  store.down = true
  const { sessions } = startSessions({ backend: store, clock })
  assert.equal(sessions.peek(cookie), undefined)
  await assert.rejects(sessions.load(cookie), storeDown)
  assert.equal(sessions.peek('theme=dark'), 'none')
})

test('what cannot be stored is reported as failed', async () => {
  const { sessions, store, signIn } = start()
  const { session, cookie } = await signIn()
  store.down = true
  await assert.rejects(sessions.endByKey(session.key), storeDown)
  await assert.rejects(sessions.endBySubject('https://sso.example', 'alice-sub'), storeDown)
  await assert.rejects(sessions.create(login(), cookie), storeDown)
  await assert.rejects(sessions.claimOnce('state', 60), storeDown)
  await assert.rejects(sessions.ping(), storeDown)
  store.down = false
  assert.ok(await sessions.load(cookie), 'a sign-in that failed ended the previous session')
})

test('an error that is no outage of the store is not reported as one', async () => {
  const { sessions, store, signIn } = start({ cacheSeconds: 0 })
  const { cookie } = await signIn()
  store.get = () => Promise.reject(new RangeError('a bug'))
  await assert.rejects(sessions.load(cookie), RangeError)
})

test('an outage is logged once when it begins and once when it ends, without cookie or key', async () => {
  const lines: string[] = []
  const { store, clock, signIn } = start()
  const log = pino({}, { write: (line) => void lines.push(line) })
  const { sessions } = startSessions({ backend: store, clock, log })
  const { session, cookie } = await signIn()
  store.down = true
  for (let request = 0; request < 10; request++) await assert.rejects(sessions.load(cookie))
  store.down = false
  for (let request = 0; request < 10; request++) assert.ok(await sessions.load(cookie))
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['the session store is down; known sessions stay in use', 'the session store responds again'],
  )
  for (const secret of [cookie.slice(30), session.key]) assert.ok(!lines.join().includes(secret))
})
