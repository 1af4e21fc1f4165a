import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { buildAdminServer } from '../admin/admin-server.ts'
import type { Config } from '../config/schema.ts'
import { LongLivedConnections } from '../forward/long-lived-connections.ts'
import { openResponses } from '../forward/open-responses.ts'
import type { Logger } from '../observability/log.ts'
import { buildMetrics, type Metrics } from '../observability/metrics.ts'
import { openBackend } from '../sessions/stores/open.ts'
import { watchStoreSettings } from '../sessions/stores/store-settings.ts'
import { buildHttpServer } from './http-server.ts'
import { drain, listen } from './listen.ts'
import type { ProcessState } from './process-state.ts'
import type { Prepared } from './reload.ts'
import { prepareRuntime, type Runtime, release, releaseUpstreams, startRuntime } from './runtime.ts'

/** Time between two looks at what is under way, ms: an exchange that lasts is judged again at the second it meets. */
const REAUTHORIZATION_INTERVAL_MS = 15_000
/**
 * How long a draining process goes on taking connections, ms: what is in front learns from `/readyz` and from
 * `Connection: close` to go elsewhere, so that no connection is closed under a request that is on its way.
 */
const NOTICE_MS = 2500

export interface RunningServer {
  /** Where it listens, e.g. `127.0.0.1:4180`. */
  readonly address: string
  readonly port: number
  readonly metrics: Metrics
  /** Builds what another configuration needs, beside what is in force. @throws ConfigurationError; nothing has changed then */
  prepare(config: Config): Promise<Prepared>
  /** Drains: says so for a moment, then takes no new connections; requests in flight get `server.drainSeconds`, then everything is closed. */
  close(): Promise<void>
}

export interface ServerOptions {
  readonly log: Logger
  readonly clock?: Clock
  /** What `/metrics` shows, where this process is one of several. Default: its own. */
  readonly exposition?: () => Promise<string>
}

/** Builds everything, wires it and listens. @throws when the store, the projects or the port cannot be had */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  const { log, clock = systemClock } = options
  let draining = false
  let present: Runtime
  const metrics = buildMetrics({
    issuerReady: () => present.parts.issuer.ready,
    projects: () => present.parts.projects.size(),
  })
  const backend = await openBackend(config, clock)
  const unwatch = watchStoreSettings(backend, log)
  const processState: ProcessState = {
    log,
    clock,
    backend,
    metrics,
    upstreams: new Set(),
    draining: () => draining,
    present: () => present,
  }
  present = await startRuntime(config, processState)
  const exchanges = new LongLivedConnections({
    open: () => openResponses(processState.upstreams),
    sessions: present.parts.sessions,
    reauthorize: (exchange, outlivesToken) => present.reauthorize(exchange, outlivesToken),
    intervalMs: REAUTHORIZATION_INTERVAL_MS,
  })
  if (config.server.insecureHttp)
    log.warn({ event: 'insecure-http' }, 'server.insecureHttp is on: tokens and cookies travel in the clear')
  const server = buildHttpServer(config, () => present.handlers)
  await listen(server, config.server.listen)
  const admin = await startAdmin(config, processState, options.exposition ?? (() => metrics.registry.metrics()))
  const { address, port } = server.address() as AddressInfo
  // While it drains, each answer asks the proxy in front to come back on another connection, to another replica.
  server.prependListener('request', (_request, response) => {
    if (draining) response.shouldKeepAlive = false
  })

  /** One reference changes: what arrives before it is the former's, what arrives after it the next one's. */
  function replaceBy(next: Runtime): void {
    const former = present
    present = next
    log.level = next.config.log.level
    server.keepAliveTimeout = next.config.limits.keepAliveSeconds * 1000
    release(former.parts, next.parts)
    releaseUpstreams(next)
    void exchanges.reauthorizeWebSockets()
  }

  return {
    address: `${address}:${port}`,
    port,
    metrics,
    async prepare(wanted) {
      if (draining) throw new Error('this process is stopping')
      const next = await prepareRuntime(wanted, processState)
      const abort = () => release(next.parts, present.parts)
      const commit = async () => {
        if (!draining) return replaceBy(next)
        abort()
        throw new Error('this process is stopping')
      }
      return { commit, abort }
    },
    async close() {
      draining = true
      const { drainSeconds } = present.config.server
      await sleep(Math.min(NOTICE_MS, drainSeconds * 500))
      exchanges.endWebSockets()
      await drain(server, drainSeconds)
      exchanges.close()
      admin?.closeAllConnections()
      admin?.close()
      const { issuer, projects, forwarder, sessions } = present.parts
      issuer.close()
      projects.close()
      forwarder.close()
      unwatch()
      await sessions.close()
    },
  }
}

async function startAdmin(
  { server }: Config,
  { log, present }: ProcessState,
  exposition: () => Promise<string>,
): Promise<Server | undefined> {
  if (server.adminListen === undefined) return undefined
  const administration = () => {
    const { config, parts } = present()
    return { sessions: parts.sessions, tokenHash: config.server.adminTokenHash }
  }
  const admin = buildAdminServer({ exposition, administration, log })
  await listen(admin, server.adminListen)
  return admin
}
