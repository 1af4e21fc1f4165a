import { after, before, suite } from 'node:test'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import { redisUnderTest } from '../redis-store.ts'
import { backendContract } from './backend.ts'

// Each check waits for the system clock and has its own prefix, so they can wait concurrently.
suite('redis', { concurrency: true }, () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server.close())
  backendContract('redis', () => redisUnderTest(`redis://127.0.0.1:${server.port}/3`))
})
