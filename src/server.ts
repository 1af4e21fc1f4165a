import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { profileOf } from './apps/index.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/schema.ts'
import type { GatewayDeps } from './deps.ts'
import { buildGateway } from './gateway.ts'
import { buildHttpServer } from './http-server.ts'
import { buildLoginApp } from './identity/app.ts'
import { buildAuthenticate } from './identity/authenticate.ts'
import { Issuer } from './identity/issuer.ts'
import { projectsToken } from './identity/service-token.ts'
import { buildTokenSide } from './identity/token-side.ts'
import { buildAdminServer } from './observability/admin-server.ts'
import { buildAudit } from './observability/audit.ts'
import type { Logger } from './observability/log.ts'
import { buildMetrics } from './observability/metrics.ts'
import { openProjects } from './projects/open.ts'
import { buildSigner } from './proxy/assertion.ts'
import { buildClientAddress } from './proxy/client-address.ts'
import { buildCrossOrigin } from './proxy/cross-origin.ts'
import { buildForwarder } from './proxy/forward.ts'
import { buildOwnEndpoints } from './proxy/own-endpoints.ts'
import { buildRefusalPages } from './proxy/refusal-pages.ts'
import { buildRefuse } from './proxy/refuse.ts'
import { buildRoutes } from './proxy/routes.ts'
import { buildUpgrades } from './proxy/upgrade.ts'
import { buildVerify } from './proxy/verify.ts'
import { openBackend } from './sessions/open.ts'
import { Sessions } from './sessions/sessions.ts'
import { watchStoreSettings } from './sessions/store-settings.ts'

/** Time between two looks at the decision behind an open WebSocket, ms. */
const RECHECK_MS = 30_000
/**
 * How long a draining process goes on taking connections, ms: what is in front learns from `/readyz` and from
 * `Connection: close` to go elsewhere, so that no connection is closed under a request that is on its way.
 */
const NOTICE_MS = 2500

export interface RunningServer {
  /** Where it listens, e.g. `127.0.0.1:4180`. */
  readonly address: string
  readonly port: number
  /** Drains: says so for a moment, then takes no new connections; requests in flight get `server.drainSeconds`, then everything is closed. */
  close(): Promise<void>
}

/** Builds everything once, wires it and listens. @throws when the store, the projects or the port cannot be had */
export async function startServer(config: Config, options: { log: Logger; clock?: Clock }): Promise<RunningServer> {
  const { log, clock = systemClock } = options
  const issuer = new Issuer({ config, clock, log })
  const backend = await openBackend(config, clock)
  const unwatch = watchStoreSettings(backend, log)
  const sessions = new Sessions({ config, backend, clock, log, refresh: issuer.refresh })
  const projects = openProjects(config.projects, log, projectsToken(config, issuer, clock))
  const forwarder = buildForwarder(config.limits, clock)
  const routes = buildRoutes(config, profileOf)
  const deps: GatewayDeps = {
    config,
    log,
    clock,
    sessions,
    projects: projects.directory,
    rules: { adminGroup: config.access.adminGroup, serviceUsers: new Set(config.access.serviceUsers) },
    endCookies: routes.all.flatMap((route) => route.profile.endCookies?.() ?? []),
  }
  const { origin, protocol } = new URL(config.server.publicUrl)
  const signer = await buildSigner({ issuer: origin, clock, secrets: config.session.secrets })
  const authenticate = buildAuthenticate(sessions, buildTokenSide({ config, issuer, clock, log }))
  const metrics = buildMetrics({ issuerReady: () => issuer.ready, projects: () => projects.size() })
  const audit = buildAudit(config.log.requests, log, metrics)
  const pages = buildRefusalPages(deps)
  const refuse = buildRefuse(pages, audit)
  const client = buildClientAddress(config.server.trustedProxies)
  let draining = false
  const gateway = buildGateway({
    audit,
    metrics,
    ...deps,
    routes,
    signer,
    forwarder,
    authenticate,
    crossOrigin: buildCrossOrigin(config.cors.allowedOrigins, protocol.slice(0, -1)),
    clientAddress: client.address,
    ownEndpoints: buildOwnEndpoints({
      ...deps,
      signer,
      issuer,
      loginApp: buildLoginApp({ ...deps, issuer, authenticate, clientAddress: client.address, audit }),
      draining: () => draining,
    }),
    refuse,
  })
  if (config.server.insecureHttp)
    log.warn({ event: 'insecure-http' }, 'server.insecureHttp is on: tokens and cookies travel in the clear')
  issuer.start()
  await projects.asked
  const upgrades = buildUpgrades({ gateway, forwarder, sessions, refuse, recheckMs: RECHECK_MS })
  const verify = buildVerify({
    gateway,
    routes,
    publicUrl: new URL(config.server.publicUrl),
    audit,
    refuse,
    isTrustedProxy: client.isTrusted,
    loginUrl: pages.loginUrl,
  })
  const server = buildHttpServer(config, { handle: gateway.handle, verify, upgrade: upgrades.handle })
  await listen(server, config.server.listen)
  const admin =
    config.server.adminListen === undefined
      ? undefined
      : buildAdminServer({ metrics, sessions, tokenHash: config.server.adminTokenHash, log })
  if (admin) await listen(admin, config.server.adminListen ?? '')
  const { address, port } = server.address() as AddressInfo
  // While it drains, each answer asks the proxy in front to come back on another connection, to another replica.
  server.prependListener('request', (_request, response) => {
    if (draining) response.shouldKeepAlive = false
  })

  return {
    address: `${address}:${port}`,
    port,
    async close() {
      draining = true
      await sleep(Math.min(NOTICE_MS, config.server.drainSeconds * 500))
      upgrades.close()
      await drain(server, config.server.drainSeconds)
      admin?.closeAllConnections()
      admin?.close()
      issuer.close()
      projects.close()
      forwarder.close()
      unwatch()
      await sessions.close()
    },
  }
}

function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function drain(server: Server, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), seconds * 1000)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
