import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { listen } from '../../shared/listen.ts'
import { StartError } from '../../shared/start-error.ts'
import { buildAdminServer } from '../admin/admin-server.ts'
import type { Config } from '../config/schema.ts'
import { LongLivedConnections } from '../forward/long-lived-connections.ts'
import { openResponses } from '../forward/open-responses.ts'
import type { Logger } from '../observability/log.ts'
import { buildMetrics, type Metrics } from '../observability/metrics.ts'
import { type SessionBackend, StoreDown } from '../sessions/stores/backend.ts'
import { openBackend } from '../sessions/stores/open.ts'
import { watchStoreSettings } from '../sessions/stores/store-settings.ts'
import { drain, openSockets } from './drain.ts'
import { buildHttpServer } from './http-server.ts'
import type { ProcessState } from './process-state.ts'
import type { Prepared } from './reload.ts'
import { prepareRuntime, type Runtime, release, releaseUpstreams, startRuntime } from './runtime.ts'

/** Re-authorization interval, ms: a request that lasts is authorized again at the second interval it meets. */
const REAUTHORIZATION_INTERVAL_MS = 15_000
/**
 * How long a draining process still accepts connections, ms: the proxy in front learns from `/readyz` and from
 * `Connection: close` to go elsewhere, so that no connection is closed under a request that is on its way.
 */
const NOTICE_MS = 2500

export interface RunningServer {
  /** Where it listens, e.g. `127.0.0.1:4180`. */
  readonly address: string
  readonly port: number
  readonly metrics: Metrics
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
}

/** Builds everything, wires it and listens. @throws StartError, ConfigurationError; nothing is left open then */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  const { log, clock = systemClock } = options
  let draining = false
  let current: Runtime
  const metrics = buildMetrics({
    issuerReady: () => current.components.issuer.ready,
    projects: () => current.components.projects.size(),
  })
  const backend = await openStore(config, clock)
  const unwatch = watchStoreSettings(backend, log)
  const state: ProcessState = {
    log,
    clock,
    backend,
    metrics,
    upstreams: new Set(),
    draining: () => draining,
    current: {
      refresh: (session) => current.refresh(session),
      reauthorize: (context, outlivesToken) => current.reauthorize(context, outlivesToken),
    },
  }
  try {
    current = await startRuntime(config, state)
  } catch (error) {
    unwatch()
    await backend.close()
    throw error
  }
  const connections = new LongLivedConnections({
    open: () => openResponses(state.upstreams),
    sessions: current.components.sessions,
    reauthorize: state.current.reauthorize,
    intervalMs: REAUTHORIZATION_INTERVAL_MS,
  })
  const server = buildHttpServer(config, () => current.handlers)
  const sockets = openSockets(server)
  // While draining, each response asks the proxy in front to come back on another connection, to another replica.
  server.prependListener('request', (_request, response) => {
    if (draining) response.shouldKeepAlive = false
  })
  const exposition = options.exposition ?? (() => metrics.registry.metrics())
  const admin = buildAdmin(() => current, state, exposition)

  async function closeAll(): Promise<void> {
    connections.close()
    admin?.closeAllConnections()
    admin?.close()
    const { issuer, projects, forwarder, sessions } = current.components
    issuer.close()
    projects.close()
    forwarder.close()
    unwatch()
    await sessions.close()
  }

  try {
    await listen(server, config.server.listen, 'server.listen')
    if (admin && config.server.adminListen !== undefined)
      await listen(admin, config.server.adminListen, 'server.adminListen')
  } catch (error) {
    server.close()
    await closeAll()
    throw error
  }
  if (config.server.insecureHttp)
    log.warn({ event: 'insecure-http' }, 'server.insecureHttp is on: tokens and cookies are sent unencrypted')

  /** One reference changes: what arrives before belongs to the previous runtime, what arrives after to the next one. */
  function replaceBy(next: Runtime): void {
    const previous = current
    current = next
    log.level = next.config.log.level
    server.keepAliveTimeout = next.config.limits.keepAliveSeconds * 1000
    release(previous.components, next.components)
    releaseUpstreams(next)
    void connections.reauthorizeWebSockets()
  }

  const { address, port } = server.address() as AddressInfo
  return {
    address: `${address}:${port}`,
    port,
    metrics,
    drainSeconds: () => current.config.server.drainSeconds,
    async prepare(wanted) {
      if (draining) throw new Error('this process is stopping')
      const next = await prepareRuntime(wanted, state, () => current)
      const abort = () => release(next.components, current.components)
      const commit = async () => {
        if (!draining) return replaceBy(next)
        abort()
        throw new Error('this process is stopping')
      }
      return { commit, abort }
    },
    async close() {
      draining = true
      const { drainSeconds } = current.config.server
      await sleep(Math.min(NOTICE_MS, drainSeconds * 500))
      connections.endWebSockets()
      await drain(server, sockets, drainSeconds)
      await closeAll()
    },
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

function buildAdmin(current: () => Runtime, { log, metrics }: ProcessState, exposition: () => Promise<string>) {
  if (current().config.server.adminListen === undefined) return undefined
  const administration = () => {
    const { config, components } = current()
    return { sessions: components.sessions, tokenHash: config.server.adminTokenHash }
  }
  return buildAdminServer({ exposition, administration, log, metrics })
}
