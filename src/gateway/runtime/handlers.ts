import type { Config } from '../config/schema.ts'
import { buildReauthorize, type Reauthorize } from '../forward/reauthorize.ts'
import { buildClientAddress } from '../http/client-address.ts'
import { buildAudit } from '../observability/audit.ts'
import { buildCrossOrigin } from '../request/cross-origin.ts'
import { buildRefusalPages } from '../request/denial-pages.ts'
import { buildRefuse } from '../request/deny.ts'
import { buildOwnEndpoints } from '../request/own-endpoints.ts'
import { buildGateway, type Gateway } from '../request/pipeline.ts'
import { buildUpgrades } from '../request/upgrade.ts'
import { buildVerify } from '../request/verify.ts'
import { buildLoginApp } from '../signin/endpoints.ts'
import { buildAuthenticate } from '../tokens/authenticate.ts'
import type { Components } from './components.ts'
import type { GatewayDeps } from './deps.ts'
import type { Handlers } from './http-server.ts'
import type { ProcessState } from './process-state.ts'

/** The request path and the login side of one configuration. They hold no state: all of it is in the parts. */
export function buildHandlers(
  config: Config,
  parts: Components,
  processState: ProcessState,
): { readonly gateway: Gateway; readonly reauthorize: Reauthorize; readonly handlers: Handlers } {
  const { log, clock, metrics, draining } = processState
  const { issuer, sessions, projects, forwarder, signer, routes, loginAttempts } = parts
  const deps: GatewayDeps = {
    config,
    log,
    clock,
    sessions,
    projects: projects.source,
    rules: { adminGroup: config.access.adminGroup, serviceUsers: new Set(config.access.serviceUsers) },
    endCookies: routes.all.flatMap((route) => route.profile.endCookies?.() ?? []),
  }
  const publicUrl = new URL(config.server.publicUrl)
  const authenticate = buildAuthenticate(sessions, parts.verifyAuthorization)
  const overrunMs = config.limits.tokenOverrunSeconds * 1000
  const reauthorize = buildReauthorize({
    authenticate,
    routes,
    projects: deps.projects,
    rules: deps.rules,
    clock,
    overrunMs,
  })
  const audit = buildAudit(config.log.requests, log, metrics)
  const pages = buildRefusalPages(deps)
  const refuse = buildRefuse(pages, audit)
  const client = buildClientAddress(config.server.trustedProxies)
  const login = { ...deps, issuer, authenticate, clientAddress: client.address, audit, attempts: loginAttempts }
  const gateway = buildGateway({
    ...deps,
    audit,
    metrics,
    routes,
    signer,
    forwarder,
    authenticate,
    // A body may take longer to come than this configuration lasts.
    reauthorize: (exchange, outlivesToken) => processState.present().reauthorize(exchange, outlivesToken),
    refuse,
    crossOrigin: buildCrossOrigin(config.cors.allowedOrigins, publicUrl.protocol.slice(0, -1)),
    clientAddress: client.address,
    ownEndpoints: buildOwnEndpoints({ ...deps, signer, issuer, draining, loginApp: buildLoginApp(login) }),
  })
  const asked = { gateway, routes, publicUrl, audit, refuse, isTrustedProxy: client.isTrusted }
  return {
    gateway,
    reauthorize,
    handlers: {
      handle: gateway.handle,
      verify: buildVerify({ ...asked, loginUrl: pages.loginUrl }),
      upgrade: buildUpgrades({ gateway, forwarder, refuse, draining }),
    },
  }
}
