import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { startRedis } from '../../infra/parts/redis.ts'
import { startLab } from './lab.ts'
import { isTemporaryDenial, loginResult, readyAfter, readyStatus, untilTrue } from './probes.ts'
import { redisOperator } from './redis-lab.ts'
import { knownPeople, type Row, type Rows, underLoad } from './row.ts'

const PASSWORD = 'hunter2-of-the-fault-tests'
const DENIED_SECONDS = 10
const WARNED_WITHIN_MS = 15_000
/** Upper bound for the keys that evict the sessions. */
const MOST_KEYS = 20_000

/** A Redis whose operator changes its settings while it runs. */
async function* withRedis(
  args: readonly string[],
  change: (lab: Awaited<ReturnType<typeof startLab>>, operator: Redis) => Promise<Row>,
): AsyncGenerator<Row> {
  const redis = await startRedis({ args: ['--requirepass', PASSWORD, ...args] })
  const operator = redisOperator(redis.port, PASSWORD)
  const store = `redis://:${PASSWORD}@127.0.0.1:${redis.port}`
  const lab = await startLab({ store, session: { cacheSeconds: 2 } })
  try {
    yield await change(lab, operator)
  } finally {
    operator.disconnect()
    await lab.close()
    await redis.close()
  }
}

export const redisSettings: Rows = async function* () {
  yield* withRedis([], async (lab, operator) => {
    const cookies = await knownPeople(lab)
    return await underLoad(lab, cookies, {
      fault: `Redis denies the password for ${DENIED_SECONDS} s`,
      seconds: DENIED_SECONDS + 6,
      async happens(expect) {
        await operator.config('SET', 'requirepass', 'another')
        for (const type of ['normal', 'pubsub']) await operator.call('CLIENT', 'KILL', 'TYPE', type)
        await sleep(DENIED_SECONDS * 1000)
        const [login, ready] = [await loginResult(lab), await readyStatus(lab)]
        expect(isTemporaryDenial(login) && ready === 503, 'sign-ins and /readyz return 503')
        await operator.config('SET', 'requirepass', PASSWORD)
        const after = await readyAfter(lab)
        expect(!lab.replicas.some((replica) => replica.logged().includes(PASSWORD)), 'no log contains the password')
        return `sign-in ${login}, /readyz ${ready}; afterwards ready in ${after} ms`
      },
    })
  })
  yield* withRedis(['--maxmemory-policy', 'allkeys-lru'], async (lab, operator) => {
    const cookies = await knownPeople(lab)
    const kept = async () => (await operator.keys('*:s:*')).length
    return await underLoad(lab, cookies, {
      fault: 'Redis evicts sessions (maxmemory-policy allkeys-lru, which is not recommended)',
      mayLogOut: true,
      seconds: 10,
      async happens(expect) {
        await operator.config('SET', 'maxmemory', '3mb')
        for (let n = 0; n < MOST_KEYS && (await kept()) > 0; n += 50) await fill(operator, n)
        await operator.config('SET', 'maxmemory', '0')
        expect((await kept()) === 0, 'every session was evicted')
        const warned = () => lab.replicas.every((replica) => replica.logged().includes('"event":"store-setting"'))
        // A replica whose first check had no result checks again after 5 s.
        expect(
          (await untilTrue(warned, WARNED_WITHIN_MS)) < WARNED_WITHIN_MS,
          'every replica logs a warning about the policy',
        )
        const login = await loginResult(lab)
        expect(login === '200', 'signing in again works')
        return `an evicted session looks like an ended one, so users sign in again (${login}); a warning is logged at start`
      },
    })
  })
}

const fill = (redis: Redis, from: number) =>
  Promise.all(Array.from({ length: 50 }, (_, n) => redis.set(`filler ${from + n}`, 'x'.repeat(10_000))))
