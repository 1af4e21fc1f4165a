import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { startRedis } from '../../infra/parts/redis.ts'
import { startLab } from './lab.ts'
import { isRefusedForNow, loginAnswer, readyAfter, readyStatus } from './probes.ts'
import { redisOperator } from './redis-lab.ts'
import { knownPeople, type Row, type Rows, UNMET, underLoad } from './row.ts'

const PASSWORD = 'hunter2-of-the-fault-tests'
const REFUSED_SECONDS = 10
/** Bound of the keys that push the sessions out. */
const MOST_KEYS = 20_000

/** A Redis whose operator changes it under way. */
async function* withRedis(
  args: readonly string[],
  trouble: (lab: Awaited<ReturnType<typeof startLab>>, operator: Redis) => Promise<Row>,
): AsyncGenerator<Row> {
  const redis = await startRedis({ args: ['--requirepass', PASSWORD, ...args] })
  const operator = redisOperator(redis.port, PASSWORD)
  const store = `redis://:${PASSWORD}@127.0.0.1:${redis.port}`
  const lab = await startLab({ store, session: { cacheSeconds: 2 } })
  try {
    yield await trouble(lab, operator)
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
      fault: `Redis refuses the password for ${REFUSED_SECONDS} s`,
      mayFail: UNMET,
      seconds: REFUSED_SECONDS + 6,
      async happens(expect) {
        await operator.config('SET', 'requirepass', 'another')
        for (const type of ['normal', 'pubsub']) await operator.call('CLIENT', 'KILL', 'TYPE', type)
        await sleep(REFUSED_SECONDS * 1000)
        const [login, ready] = [await loginAnswer(lab), await readyStatus(lab)]
        expect(isRefusedForNow(login) && ready === 503, 'logins and /readyz answer 503')
        await operator.config('SET', 'requirepass', PASSWORD)
        const after = await readyAfter(lab)
        expect(!lab.replicas.some((replica) => replica.logged().includes(PASSWORD)), 'no log holds the password')
        return `login ${login}, /readyz ${ready}; afterwards ready in ${after} ms`
      },
    })
  })
  yield* withRedis(['--maxmemory-policy', 'allkeys-lru'], async (lab, operator) => {
    const cookies = await knownPeople(lab)
    const kept = async () => (await operator.keys('*:s:*')).length
    return await underLoad(lab, cookies, {
      fault: 'Redis evicts sessions (maxmemory-policy allkeys-lru, against the advice)',
      mayLogOut: true,
      seconds: 10,
      async happens(expect) {
        await operator.config('SET', 'maxmemory', '3mb')
        for (let n = 0; n < MOST_KEYS && (await kept()) > 0; n += 50) await fill(operator, n)
        await operator.config('SET', 'maxmemory', '0')
        expect((await kept()) === 0, 'every session was evicted')
        const warned = lab.replicas.every((replica) => replica.logged().includes('"event":"store-setting"'))
        expect(warned, 'every replica warns of the policy in its log')
        const login = await loginAnswer(lab)
        expect(login === '200', 'who signs in again works on')
        return `an evicted session looks like an ended one: sign in again (${login}); warned of at start`
      },
    })
  })
}

const fill = (redis: Redis, from: number) =>
  Promise.all(Array.from({ length: 50 }, (_, n) => redis.set(`filler ${from + n}`, 'x'.repeat(10_000))))
