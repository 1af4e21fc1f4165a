import { after, before, suite } from 'node:test'
import { type RedisGroup, startRedisCluster, startSentinelGroup } from '../../infra/parts/redis-groups.ts'
import { backendContract } from '../contract/backend.ts'
import { redisUnderTest } from '../redis-store.ts'

/** The contract of every store, with real Sentinels and in a real Cluster. */
for (const [name, start] of [
  ['sentinel', startSentinelGroup],
  ['cluster', startRedisCluster],
] as const) {
  suite(name, { concurrency: true }, () => {
    let group: RedisGroup | undefined
    before(async () => {
      group = await start()
    })
    after(() => group?.close())
    backendContract(name, () => redisUnderTest(group?.address ?? ''))
  })
}
