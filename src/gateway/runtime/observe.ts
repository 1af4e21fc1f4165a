import { parseRedisAddress } from '../config/redis-address.ts'
import type { Config } from '../config/schema.ts'
import { SYSLOG_PORTS } from '../config/syslog-ports.ts'
import type { UpstreamUse } from '../observability/metrics/peer-metrics.ts'
import type { ObservedStore } from '../observability/metrics/store-metrics.ts'
import type { SessionBackend } from '../sessions/stores/backend.ts'
import type { Upstream } from '../upstream/pool.ts'
import type { ProcessState } from './process-state.ts'

/** Lets the metrics follow a configuration that has just become the current one. */
export function observe(
  config: Config,
  { metrics, certificates }: Pick<ProcessState, 'metrics' | 'certificates'>,
): void {
  metrics.labelProjects(config.observability)
  certificates.watch(tlsEndpoints(config))
}

/** Every address of the configuration that the gateway connects to with TLS, as an origin without credentials. */
export function tlsEndpoints({ issuer, routes, session, projects, audit, observability }: Config): ReadonlySet<string> {
  const origins = [
    issuer.url,
    ...issuer.additional.flatMap(({ url, jwksUrl, jwksFile }) => (jwksFile === undefined ? [jwksUrl ?? url] : [])),
    ...upstreamsOf(routes),
    ...(projects.source === 'core' ? [projects.url] : []),
    ...audit.sinks.flatMap((sink) => (sink.type === 'otlp' ? [sink.url] : [])),
    ...(observability.tracing ? [observability.tracing.endpoint] : []),
  ].map((url) => new URL(url).origin)
  return new Set([
    ...origins.filter((origin) => origin.startsWith('https:')),
    ...storeEndpoints(session.store),
    ...audit.sinks.flatMap((sink) => (sink.type === 'syslog' ? syslogEndpoints(sink.address) : [])),
  ])
}

/** A syslog server with TLS, with its port. */
function syslogEndpoints(address: string): readonly string[] {
  const { protocol, host, port } = new URL(address)
  if (protocol !== 'tls:') return []
  return [port === '' ? `tls://${host}:${SYSLOG_PORTS['tls:']}` : `tls://${host}`]
}

/** Origins that routes send requests to. */
export const upstreamsOf = (routes: Config['routes']): readonly string[] =>
  routes.flatMap(({ upstream, mlflow }) => [upstream, ...Object.values(mlflow?.instances ?? {})])

function storeEndpoints(store: string): readonly string[] {
  if (!store.startsWith('rediss')) return []
  return parseRedisAddress(store).nodes.map(
    ({ host, port }) => `rediss://${host.includes(':') ? `[${host}]` : host}:${port}`,
  )
}

/** The session store as its metrics read it: past the decorator, so that reading is not counted as use. */
export const observedStore = ({ session }: Config, backend: SessionBackend): ObservedStore => ({
  kind: storeKind(session.store),
  ping: () => backend.ping(),
  count: async () => (await backend.list({ offset: 0, limit: 1 })).total,
})

function storeKind(store: string): ObservedStore['kind'] {
  if (store === 'memory') return 'memory'
  return store.startsWith('sqlite:') ? 'sqlite' : 'redis'
}

export function* usesOf(upstreams: Iterable<Upstream>): Iterable<UpstreamUse> {
  for (const { origin, use } of upstreams) yield { upstream: origin, ...use }
}
