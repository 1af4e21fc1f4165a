import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import { startToxiproxy, type Toxiproxy } from '../../infra/parts/toxiproxy.ts'
import { type Lab, type LabOptions, startLab } from './lab.ts'

/** A lab whose replicas reach Redis through a proxy that can interrupt the connection. */
export interface RedisLab {
  readonly lab: Lab
  readonly redis: RedisServer
  readonly wire: Toxiproxy
  readonly close: () => Promise<void>
}

export async function startRedisLab(options: Partial<LabOptions> = {}): Promise<RedisLab> {
  const redis = await startRedis()
  const wire = await startToxiproxy(redis.port)
  const lab = await startLab({ store: `redis://127.0.0.1:${wire.port}`, ...options })
  const close = async () => {
    await lab.close()
    await wire.close()
    await redis.close()
  }
  return { lab, redis, wire, close }
}

/** The operator of Redis, connected without the proxy. */
export function redisOperator(port: number, password?: string): Redis {
  const operator = new Redis({ port, host: '127.0.0.1', ...(password !== undefined && { password }) })
  operator.on('error', () => undefined) // a server that was stopped earlier is not an error
  return operator
}
