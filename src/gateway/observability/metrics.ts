import { collectDefaultMetrics, Registry } from 'prom-client'
import { buildInboundMetrics, type InboundMetrics } from './metrics/inbound-metrics.ts'
import { Instruments } from './metrics/instruments.ts'
import {
  buildIssuerMetrics,
  buildUpstreamMetrics,
  type IssuerMetrics,
  type UpstreamMetrics,
  type UpstreamUse,
} from './metrics/peer-metrics.ts'
import { buildReleaseMetrics, type ObservedRelease } from './metrics/release-metrics.ts'
import { buildSessionMetrics, type SessionMetrics, type TokenMetrics } from './metrics/session-metrics.ts'
import { buildStoreMetrics, type ObservedStore, type StoreOperationFinished } from './metrics/store-metrics.ts'
import { buildTraceMetrics, type CountSpans } from './metrics/trace-metrics.ts'

/**
 * Prometheus metrics of one process. Every label is bounded: routes and origins of the configuration, closed lists, and
 * projects up to a limit. Nothing of users, and nothing that a client may choose.
 */
export interface Metrics extends InboundMetrics {
  readonly registry: Registry
  readonly instruments: Instruments
  /** The release of the application behind a route was read. */
  release(route: string, release: ObservedRelease): void
  readonly sessions: SessionMetrics
  readonly tokens: TokenMetrics
  readonly store: { readonly finished: StoreOperationFinished }
  readonly issuer: IssuerMetrics
  /** Spans by what became of them. */
  readonly spans: CountSpans
  /** Metrics of the connections to an origin of the configuration. */
  upstream(origin: string): UpstreamMetrics
}

export interface MetricsSources {
  readonly issuerReady: () => boolean
  readonly projects: () => number
  /** Absent: there are no sessions. */
  readonly store?: ObservedStore
  readonly upstreams?: () => Iterable<UpstreamUse>
  /** When certificates of others expire, by endpoint, in seconds since the epoch. */
  readonly certificates?: () => ReadonlyMap<string, number>
  readonly version?: string
}

const NO_STORE: ObservedStore = { kind: 'memory', ping: async () => undefined, count: async () => 0 }

export function buildMetrics(sources: MetricsSources): Metrics {
  const { store = NO_STORE, upstreams = () => [] } = sources
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const instruments = new Instruments(registry)
  buildStateMetrics(instruments, sources)
  return {
    ...{ registry, instruments },
    ...buildInboundMetrics(instruments),
    ...buildSessionMetrics(instruments, store.kind),
    release: buildReleaseMetrics(instruments),
    store: buildStoreMetrics(instruments, store),
    issuer: buildIssuerMetrics(instruments),
    spans: buildTraceMetrics(instruments),
    upstream: buildUpstreamMetrics(instruments, upstreams),
  }
}

/** What is read when Prometheus asks. */
function buildStateMetrics(instruments: Instruments, sources: MetricsSources): void {
  const { issuerReady, projects, certificates = () => new Map(), version = 'unknown' } = sources
  instruments.gauge('modelops_gateway_issuer_ready', (gauge) => gauge.set(Number(issuerReady())))
  instruments.gauge('modelops_gateway_projects', (gauge) => gauge.set(projects()))
  instruments.gauge('modelops_gateway_build_info').set({ version, node: process.version }, 1)
  instruments.gauge('modelops_gateway_certificate_expiry_timestamp_seconds', (gauge) => {
    gauge.reset()
    for (const [endpoint, expiry] of certificates()) gauge.set({ endpoint }, expiry)
  })
}
