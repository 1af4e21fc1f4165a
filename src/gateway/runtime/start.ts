import { type Clock, systemClock } from '../../shared/clock.ts'
import { StartError } from '../../shared/start-error.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { Config } from '../config/schema.ts'
import { DenialJournal } from '../console/denials/denial-journal.ts'
import type { ReplicaState } from '../console/gateway-state.ts'
import { IssuerRequests } from '../issuer/issuer-requests.ts'
import type { Logger } from '../observability/log.ts'
import { buildMetrics, type Metrics } from '../observability/metrics.ts'
import { type SessionBackend, StoreDown } from '../sessions/stores/backend.ts'
import { observeBackend } from '../sessions/stores/observed-backend.ts'
import { openBackend } from '../sessions/stores/open.ts'
import { watchStoreSettings } from '../sessions/stores/store-settings.ts'
import type { Upstream } from '../upstream/pool.ts'
import { CertificateWatch } from './certificate-watch.ts'
import { CurrentRuntime } from './current-runtime.ts'
import { GatewayServer } from './gateway-server.ts'
import { observe, observedStore, usesOf } from './observe.ts'
import { openAudit } from './open-audit.ts'
import { packageVersion } from './package-version.ts'
import type { ProcessState } from './process-state.ts'
import { openTracing } from './process-tracing.ts'
import type { Prepared } from './reload.ts'
import { startRuntime } from './runtime.ts'

export interface RunningServer {
  /** Where it listens, e.g. `127.0.0.1:4180`. */
  readonly address: string
  readonly port: number
  readonly metrics: Metrics
  readonly audit: AuditTrail
  /** `server.drainSeconds` of the current configuration. */
  readonly drainSeconds: () => number
  /** Builds what another configuration needs, beside the current one. @throws ConfigurationError; nothing has changed then */
  prepare(config: Config): Promise<Prepared>
  /** Drains: announces it for a moment, then accepts no new connections; requests in flight get `server.drainSeconds`, then everything is closed. */
  close(): Promise<void>
}

export interface ServerOptions {
  readonly log: Logger
  readonly clock?: Clock
  /** The text of `/metrics`, where this process is one of several. Default: its own metrics. */
  readonly exposition?: () => Promise<string>
  /** The processes of this replica and their reloads. Default: this process, which was not reloaded. */
  readonly replica?: () => Promise<ReplicaState>
  /** Number of this process among several that write files. Default: it is the only one. */
  readonly slot?: number | undefined
}

/** Builds everything, wires it and listens. @throws StartError, ConfigurationError; nothing is left open then */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  const current = new CurrentRuntime()
  const state = await buildState(config, options, current)
  await startFirst(config, state, current)
  const server = new GatewayServer(current, state, options.exposition ?? (() => state.metrics.registry.metrics()))
  await server.listen()
  if (config.server.insecureHttp)
    state.log.warn({ event: 'insecure-http' }, 'server.insecureHttp is on: tokens and cookies are sent unencrypted')
  const { address, port } = server.address
  return {
    address: `${address}:${port}`,
    port,
    metrics: state.metrics,
    audit: state.audit,
    drainSeconds: () => current.get().config.server.drainSeconds,
    prepare: (next) => server.prepare(next),
    close: () => server.close(),
  }
}

/** @throws StartError */
async function buildState(config: Config, options: ServerOptions, current: CurrentRuntime): Promise<ProcessState> {
  const { log, clock = systemClock, slot } = options
  const store = await openStore(config, clock)
  const upstreams = new Set<Upstream>()
  const certificates = new CertificateWatch()
  const metrics = buildMetrics({
    issuerReady: () => current.get().components.issuer.ready,
    projects: () => current.get().components.projects.size(),
    store: observedStore(config, store),
    upstreams: () => usesOf(upstreams),
    certificates: () => certificates.expiries,
    version: packageVersion(),
  })
  const backend = observeBackend(store, metrics.store.finished)
  const alone: ReplicaState = { workers: 1, startedAt: clock(), reloads: [] }
  const audit = await openAudit(config, metrics.instruments, { log, clock, slot }).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  return {
    ...{ log, clock, backend, metrics, audit },
    unwatch: watchStoreSettings(backend, log),
    ...{ upstreams, certificates },
    tracing: await openTracing(config, metrics, log),
    issuerRequests: new IssuerRequests(metrics.issuer),
    denials: new DenialJournal({ clock, journal: () => current.get().components.sessions.journal }),
    replica: options.replica ?? (async () => alone),
    draining: () => current.draining,
    current: current.rules,
  }
}

/** @throws StartError, ConfigurationError */
async function startFirst(config: Config, state: ProcessState, current: CurrentRuntime): Promise<void> {
  try {
    current.replaceBy(await startRuntime(config, state))
    observe(config, state)
  } catch (error) {
    state.unwatch()
    await Promise.all([state.backend.close(), state.audit.close()])
    await state.tracing?.close()
    throw error
  }
}

/** @throws StartError */
async function openStore(config: Config, clock: Clock): Promise<SessionBackend> {
  try {
    return await openBackend(config, clock)
  } catch (error) {
    if (!(error instanceof StoreDown)) throw error
    const hint = 'Check session.store, and the permissions of its folder.'
    throw new StartError(`session.store: the session store cannot be opened (${error.message}). ${hint}`, {
      cause: error,
    })
  }
}
