import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../../shared/listen.ts'
import { buildAdminServer } from '../admin/admin-server.ts'
import type { Config } from '../config/schema.ts'
import { LongLivedConnections } from '../forward/long-lived-connections.ts'
import { openResponses } from '../forward/open-responses.ts'
import type { CurrentRuntime } from './current-runtime.ts'
import { drain, openSockets } from './drain.ts'
import { buildHttpServer } from './http-server.ts'
import { observe } from './observe.ts'
import type { ProcessState } from './process-state.ts'
import type { Prepared } from './reload.ts'
import { prepareRuntime, type Runtime, release, releaseUpstreams } from './runtime.ts'

/** Re-authorization interval, ms: a request that lasts is authorized again at the second interval it meets. */
const REAUTHORIZATION_INTERVAL_MS = 15_000
/**
 * How long a draining process still accepts connections, ms: the proxy in front learns from `/readyz` and from
 * `Connection: close` to go elsewhere, so that no connection is closed under a request that is on its way.
 */
const NOTICE_MS = 2500

/** The listeners of a process and what it has open; it outlives each configuration. */
export class GatewayServer {
  readonly #current: CurrentRuntime
  readonly #state: ProcessState
  readonly #server: Server
  readonly #admin: Server | undefined
  readonly #sockets: ReadonlySet<Socket>
  readonly #connections: LongLivedConnections

  /** @param exposition The text of `/metrics`. */
  constructor(current: CurrentRuntime, state: ProcessState, exposition: () => Promise<string>) {
    const { config, components } = current.get()
    this.#current = current
    this.#state = state
    this.#connections = new LongLivedConnections({
      open: () => openResponses(state.upstreams),
      sessions: components.sessions,
      reauthorize: state.current.reauthorize,
      intervalMs: REAUTHORIZATION_INTERVAL_MS,
      events: state.metrics.connections,
    })
    this.#server = buildHttpServer(config, () => current.get().handlers)
    this.#sockets = openSockets(this.#server)
    // While draining, each response asks the proxy in front to come back on another connection, to another replica.
    this.#server.prependListener('request', (_request, response) => {
      if (current.draining) response.shouldKeepAlive = false
    })
    this.#admin = config.server.adminListen === undefined ? undefined : buildAdmin(current, state, exposition)
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  /** @throws StartError; nothing is left open then */
  async listen(): Promise<void> {
    const { listen: address, adminListen } = this.#current.get().config.server
    try {
      await listen(this.#server, address, 'server.listen')
      if (this.#admin && adminListen !== undefined) await listen(this.#admin, adminListen, 'server.adminListen')
    } catch (error) {
      this.#server.close()
      await this.#closeAll()
      throw error
    }
  }

  /** Builds what another configuration needs, beside the current one. @throws ConfigurationError; nothing has changed then */
  async prepare(config: Config): Promise<Prepared> {
    const current = this.#current
    if (current.draining) throw new Error('this process is stopping')
    const sinks = await this.#state.audit.prepare(config)
    const next = await prepareRuntime(config, this.#state, () => current.get())
    const abort = () => release(next.components, current.get().components)
    const commit = async () => {
      if (!current.draining) {
        sinks.commit()
        return this.#replaceBy(next)
      }
      abort()
      throw new Error('this process is stopping')
    }
    return { commit, abort }
  }

  /** Drains: announces it for a moment, then accepts no new connections; requests in flight get `server.drainSeconds`. */
  async close(): Promise<void> {
    this.#current.draining = true
    const { drainSeconds } = this.#current.get().config.server
    await sleep(Math.min(NOTICE_MS, drainSeconds * 500))
    this.#connections.endWebSockets()
    await drain(this.#server, this.#sockets, drainSeconds)
    await this.#closeAll()
  }

  #replaceBy(next: Runtime): void {
    const previous = this.#current.get()
    this.#current.replaceBy(next)
    this.#state.log.level = next.config.log.level
    this.#server.keepAliveTimeout = next.config.limits.keepAliveSeconds * 1000
    observe(next.config, this.#state)
    release(previous.components, next.components)
    releaseUpstreams(next)
    void this.#connections.reauthorizeWebSockets()
  }

  async #closeAll(): Promise<void> {
    this.#connections.close()
    this.#admin?.closeAllConnections()
    this.#admin?.close()
    const { issuer, projects, forwarder, sessions } = this.#current.get().components
    issuer.close()
    projects.close()
    forwarder.close()
    this.#state.unwatch()
    this.#state.certificates.close()
    await this.#state.denials.flush()
    // Last of all but the store: nothing is recorded any more.
    await Promise.all([sessions.close(), this.#state.audit.close()])
    await this.#state.tracing?.close()
  }
}

function buildAdmin(current: CurrentRuntime, state: ProcessState, exposition: () => Promise<string>) {
  const { clock, log, metrics } = state
  const administration = () => {
    const { config, components, adminConsole } = current.get()
    return { config, sessions: components.sessions, console: adminConsole }
  }
  return buildAdminServer({ exposition, administration, clock, log, metrics })
}
