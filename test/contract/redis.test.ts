import { after, before, suite } from 'node:test'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import { redisUnderTest } from '../redis-store.ts'
import { backendContract } from './backend.ts'

// Each check waits for a real clock and has a prefix of its own, so all of them can wait together.
suite('redis', { concurrency: true }, () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server.close())
  backendContract('redis', () => redisUnderTest(`redis://127.0.0.1:${server.port}/3`))
})
