import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { startRedis } from '../../../infra/parts/redis.ts'
import { startToxiproxy } from '../../../infra/parts/toxiproxy.ts'
import { startUpstream } from '../../faults/upstream.ts'
import { cookieOf, keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { repeat, send } from '../lab/load.ts'

const [DOWN, SLOW, MISSES] = [
  'ModelopsGatewayStoreDown',
  'ModelopsGatewayStoreSlow',
  'ModelopsGatewaySessionCacheMisses',
] as const
/** Slow, and still within `session.storeTimeoutMs`. */
const SLOW_MS = 600

/** Redis is slow, then two replicas are cut off from it, while somebody has turned the session cache off. */
export const storeFails: Scenario = async (folder, parts) => {
  const issuer = keep(parts, await startIssuer())
  const upstream = keep(parts, await startUpstream())
  const redis = keep(parts, await startRedis())
  const wire = keep(parts, await startToxiproxy(redis.port))
  const replicas = [0, 1].map((index) =>
    GatewayProcess.start(
      { folder, name: `store-${index}`, issuerUrl: issuer.url, parts },
      {
        session: { store: `redis://127.0.0.1:${wire.port}` },
        routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstream.url }],
      },
    ),
  )
  const gateways = await Promise.all(replicas)
  const reload = (cacheSeconds: number) => {
    for (const gateway of gateways) {
      gateway.write({ session: { cacheSeconds } })
      gateway.signal('SIGHUP')
    }
  }
  for (const { url } of gateways) {
    const cookie = await cookieOf(`${url}/lobby/x`, 'alice')
    for (let n = 0; n < 6; n += 1) parts.defer(repeat(150, () => send(`${url}/lobby/x`, cookie)).cancel)
  }
  const job = 'store-modelops-gateway'
  return {
    job,
    targets: gateways.map(({ target }) => target),
    // A replica that must ask the store responds with 503 while it is down.
    expected: [DOWN, SLOW, MISSES, 'ModelopsGatewayUpstreamErrors'],
    async run(monitoring) {
      reload(0)
      await wire.delay(SLOW_MS)
      await monitoring.fires(SLOW, job)
      await wire.delay(0)
      await monitoring.resolves(SLOW, job)
      await wire.partition(true)
      await Promise.all([monitoring.fires(DOWN, job), monitoring.fires(MISSES, job)])
      await wire.partition(false)
      reload(5)
      await Promise.all([monitoring.resolves(DOWN, job), monitoring.resolves(MISSES, job)])
    },
  }
}
