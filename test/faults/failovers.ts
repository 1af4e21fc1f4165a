import { type FailoverGroup, startRedisCluster, startSentinelGroup } from '../../infra/parts/redis-groups.ts'
import { startLab } from './lab.ts'
import { loginResult, readyAfter } from './probes.ts'
import { knownPeople, type Row, type Rows, underLoad } from './row.ts'

/** A failover: a master is killed and another one takes over. */
async function* failover(fault: string, start: () => Promise<FailoverGroup>): AsyncGenerator<Row> {
  const group = await start()
  const lab = await startLab({ store: group.address, session: { cacheSeconds: 2 } })
  try {
    const cookies = await knownPeople(lab)
    yield await underLoad(lab, cookies, {
      fault,
      seconds: 14,
      async happens(expect) {
        const previous = await group.masterPort()
        await group.servers.find(({ port }) => port === previous)?.crash()
        const crashedAt = performance.now()
        await group.failedOver(previous)
        await readyAfter(lab)
        const after = Math.round(performance.now() - crashedAt)
        const login = await loginResult(lab)
        expect(login === '200', 'a sign-in works with the new master')
        return `another master, ready again after ${after} ms; then a sign-in: ${login}`
      },
    })
  } finally {
    await lab.close()
    await group.close()
  }
}

export const sentinel: Rows = () => failover('Sentinel failover after kill -9 of the master', startSentinelGroup)
export const cluster: Rows = () =>
  failover('Redis Cluster failover after kill -9 of the master with the sessions', startRedisCluster)
