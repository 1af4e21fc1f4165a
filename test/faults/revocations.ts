import { startRedis } from '../../infra/parts/redis.ts'
import { startToxiproxy } from '../../infra/parts/toxiproxy.ts'
import { backchannel, type Ending, endAndWatch, endByAdmin, logout } from './endings.ts'
import { startLab } from './lab.ts'
import { readyAfter } from './probes.ts'
import { redisOperator } from './redis-lab.ts'
import { type Fault, knownPeople, RATE, type Row, type Rows, underLoad } from './row.ts'

const CACHE_SECONDS = 5
const STALE_SECONDS = 12
/** Every process is notified of an ended session within this time, in milliseconds. */
const NOTIFIED_MS = 1000
/** Added to a bound for requests that were in flight, in milliseconds. */
const IN_FLIGHT_MS = 1000
const REPEATS = 3

/** How long an ended session is still accepted by any replica, with and without notifications. */
export const revocations: Rows = async function* () {
  const user = (name: string) => ['--user', name, 'on', '>hunter2', '~*', '&*', '+@all']
  const redis = await startRedis({ args: [...user('first'), ...user('second')] })
  const wire = await startToxiproxy(redis.port)
  const store = [
    `redis://first:hunter2@127.0.0.1:${redis.port}`,
    `redis://second:hunter2@127.0.0.1:${wire.port}`,
  ] as const
  const lab = await startLab({ store, session: { cacheSeconds: CACHE_SECONDS, staleSeconds: STALE_SECONDS } })
  const operator = redisOperator(redis.port)
  let letIn = 0
  const watch = async (ending: Ending, boundMs: number) => {
    const seen = await endAndWatch(lab, ending, boundMs)
    letIn += seen.letIn
    return seen.deniedAfter
  }
  try {
    const cookies = await knownPeople(lab)
    const during = async (fault: Fault): Promise<Row> => {
      letIn = 0
      const row = await underLoad(lab, cookies, fault)
      return { ...row, letIn: row.letIn + letIn }
    }
    yield await during({
      fault: 'none: sessions are ended by sign-out, administrator and back channel',
      seconds: 6,
      async happens() {
        const notes: string[] = []
        for (const [name, ending] of Object.entries({
          logout,
          administrator: endByAdmin,
          'back channel': backchannel,
        })) {
          const times: number[] = []
          for (let n = 0; n < REPEATS; n += 1) times.push(await watch(ending, NOTIFIED_MS))
          notes.push(`${name} ${Math.max(...times)} ms`)
        }
        return `denied by both replicas after at most: ${notes.join(', ')}`
      },
    })
    yield await during({
      fault: `one replica gets no notifications (session.cacheSeconds ${CACHE_SECONDS})`,
      seconds: 2 * CACHE_SECONDS + 4,
      async happens() {
        await operator.call('ACL', 'SETUSER', 'second', 'resetchannels')
        const bound = CACHE_SECONDS * 1000 + IN_FLIGHT_MS
        const cut = [await watch(logout, bound), await watch(endByAdmin, bound)]
        await operator.call('ACL', 'SETUSER', 'second', '&*')
        return `denied by both after: sign-out ${cut[0]} ms, administrator ${cut[1]} ms`
      },
    })
    yield await during({
      fault: `one replica is disconnected from Redis (session.staleSeconds ${STALE_SECONDS})`,
      // It may accept cached sessions for staleSeconds. Then it denies every request.
      mayFail: 5 * RATE,
      seconds: STALE_SECONDS + 8,
      async happens() {
        const boundMs = STALE_SECONDS * 1000 + IN_FLIGHT_MS
        const cutting: Ending = async (...args) => {
          await wire.partition(true)
          await logout(...args)
        }
        const cut = await watch(cutting, boundMs)
        await wire.partition(false)
        const ready = await readyAfter({ ...lab, replicas: [lab.replicas[1], lab.replicas[0]] })
        return `denied by both after: sign-out ${cut} ms; afterwards ready in ${ready} ms, then notified after ${await watch(logout, boundMs)} ms`
      },
    })
  } finally {
    operator.disconnect()
    await lab.close()
    await wire.close()
    await redis.close()
  }
}
