import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedIssuer, startIssuer } from '../../../infra/issuer/issuer.ts'
import type { Background } from '../../../infra/parts/background.ts'
import { freePort } from '../../../infra/parts/ports.ts'
import { ensureProxies } from '../../../infra/parts/proxies.ts'
import { startRedis } from '../../../infra/parts/redis.ts'
import { startBalancer } from '../../balancer.ts'
import { PROBE_PLANTS, type ProbePlant } from '../probe/readings.ts'
import { type Replica, startReplica } from './replica.ts'
import { ACCESS_TOKEN_SECONDS, USERS } from './settings.ts'
import { startUpstream, type UpstreamProcess } from './upstream-process.ts'

/** A fault that a part has on purpose, to show that the run finds it. */
export type Plant = ProbePlant | 'crossed'
export const PLANTS: readonly Plant[] = [...PROBE_PLANTS, 'crossed']

/** Two replicas with a Redis, an issuer, two upstreams in their own processes, and a Caddy in front. */
export interface World {
  /** The URL of all replicas: that of Caddy. */
  readonly url: string
  readonly issuer: EmbeddedIssuer
  readonly replicas: readonly Replica[]
  readonly upstreams: readonly UpstreamProcess[]
  readonly caddy: Background
  close(): Promise<void>
}

export async function startWorld(plants: readonly Plant[] = []): Promise<World> {
  await ensureProxies()
  const folder = mkdtempSync(join(tmpdir(), 'long-run-'))
  const crossed = plants.includes('crossed') ? 'crossed' : undefined
  const [redis, issuer, first, second, port] = await Promise.all([
    startRedis(),
    startIssuer({ users: USERS, accessTokenSeconds: ACCESS_TOKEN_SECONDS, refreshTokenSeconds: 86_400 }),
    startUpstream('first', folder, crossed),
    startUpstream('second', folder, crossed),
    freePort(),
  ])
  const url = `http://127.0.0.1:${port}`
  const addresses = {
    publicUrl: url,
    issuerUrl: issuer.url,
    store: `redis://127.0.0.1:${redis.port}`,
    ...{ first: first.url, second: second.url },
  }
  const remote = {
    [redis.port]: 'Redis',
    [first.port]: 'upstream',
    [second.port]: 'upstream',
    [Number(new URL(issuer.url).port)]: 'issuer',
  }
  const inReplicas = PROBE_PLANTS.filter((plant) => plants.includes(plant))
  const start = (name: string, own: readonly ProbePlant[]) =>
    startReplica({ name, folder, addresses, remote, plants: own })
  const replicas = await Promise.all([start('replica-0', inReplicas), start('replica-1', [])])
  const caddy = await startBalancer({ folder, port, replicas, directives: DIRECTIVES })
  return {
    ...{ url, issuer, replicas, upstreams: [first, second], caddy },
    async close() {
      await caddy.close()
      await Promise.all(replicas.map((replica) => replica.close()))
      await Promise.all([first.close(), second.close(), issuer.close()])
      await redis.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const DIRECTIVES = `    flush_interval -1
    transport http {
      keepalive 10s
    }`
