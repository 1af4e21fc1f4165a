import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startRedis } from '../../infra/parts/redis.ts'
import { connectedBackend } from '../redis-store.ts'
import { login, MovedClock, startSessions } from '../unit/gateway/sessions/kit.ts'

const IDLE_SECONDS = 60

class WrongClock extends MovedClock {
  readonly #ahead: number
  override readonly read = () => Date.now() + this.#ahead

  constructor(ahead: number) {
    super()
    this.#ahead = ahead
  }
}

/** A gateway process whose clock is ahead of the clock of Redis. @param ahead Milliseconds */
async function replica(context: TestContext, address: string, ahead: number) {
  const clock = new WrongClock(ahead)
  const backend = await connectedBackend(address, { clock: clock.read })
  context.after(() => backend.close())
  const session = { idleSeconds: IDLE_SECONDS, cacheSeconds: 0 }
  return { ...startSessions({ backend, clock, session }), backend, clock }
}

for (const [name, writerAhead, readerAhead] of [
  ['a replica two minutes ahead of the one that created it', -60_000, 60_000],
  ['a replica two minutes behind the one that created it', 60_000, -60_000],
] as const) {
  test(`a session with an idle limit of one minute lasts exactly that long in ${name}`, async (context) => {
    const redis = await startRedis()
    context.after(() => redis.close())
    const address = `redis://127.0.0.1:${redis.port}`
    const writer = await replica(context, address, writerAhead)
    const reader = await replica(context, address, readerAhead)
    const { session, setCookie } = await writer.sessions.create(login({}, 10_000_000))
    const cookie = setCookie.slice(0, setCookie.indexOf(';'))
    assert.ok(await reader.sessions.load(cookie))
    const stored = await reader.backend.get(session.key)
    const left = (stored?.expiresAt ?? 0) - reader.clock.read()
    // a busy machine shortens the remaining time, and nothing extends it
    assert.ok(left > 0 && left <= IDLE_SECONDS * 1000, `${left} ms left`)
    const { sessions } = await reader.sessions.list({ offset: 0, limit: 10 })
    assert.deepEqual(
      sessions.map(({ key }) => key),
      [session.key],
    )
  })
}
