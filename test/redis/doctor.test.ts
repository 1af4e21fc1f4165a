import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRedis } from '../../infra/parts/redis.ts'
import { storeCheck } from '../../src/cli/doctor/checks/store.ts'
import { configOf } from '../unit/cli/check/kit.ts'
import { linesOf, run, worldOf } from '../unit/cli/doctor/kit.ts'

/** What `doctor` says of a real Redis. */
const PASSWORD = 'hunter2-of-the-test'

async function linesFor(store: string, now: () => number = Date.now): Promise<string[]> {
  return linesOf(await run(storeCheck, worldOf(configOf({ session: { store } }), { clock: now })))
}

test('a good Redis: response time and clock; one that evicts, one with another time, a wrong password', async (t) => {
  const redis = await startRedis({ args: ['--requirepass', PASSWORD] })
  t.after(() => redis.close())
  const store = `redis://:${PASSWORD}@127.0.0.1:${redis.port}`
  const good = await linesFor(store)
  assert.match(
    good.join('\n'),
    /^ok: Redis accepts writes and responds in [\d.]+ ms\nok: this machine and Redis have the same time$/,
  )
  const ahead = await linesFor(store, () => Date.now() + 90_000)
  assert.match(ahead[1] ?? '', /^warning: the clock of Redis is (89|90) seconds behind this machine’s$/)
  const wrong = (await linesFor(store.replace(PASSWORD, 'wrong'))).join()
  assert.match(wrong, /^failed: session\.store: expected a store that responds, received redis: WRONGPASS/)
  assert.ok(!wrong.includes(PASSWORD))
})

test('a Redis that evicts keys is a warning, not a failure', async (t) => {
  const redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] })
  t.after(() => redis.close())
  const lines = await linesFor(`redis://127.0.0.1:${redis.port}`)
  assert.match(
    lines.join('\n'),
    /\nwarning: session\.store: expected a Redis with maxmemory-policy noeviction, received allkeys-lru\n/,
  )
})
