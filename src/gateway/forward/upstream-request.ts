import type { Admission } from '../apps/profile.ts'
import { currentProjects } from '../projects/source.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { Route } from '../routing/routes.ts'
import type { GatewayDeps } from '../runtime/deps.ts'
import type { UpstreamRequest } from './forwarder.ts'
import { assertedProjects } from './headers/asserted-projects.ts'
import type { AssertionSigner, AssertionSubject } from './headers/assertion.ts'
import { headerText, passableHeaders, writeIdentity } from './headers/identity-headers.ts'
import { authorizationFor } from './headers/upstream-authorization.ts'
import { upstreamCookies } from './headers/upstream-cookies.ts'

export interface UpstreamRequestDeps extends Pick<GatewayDeps, 'config' | 'clock' | 'projects'> {
  readonly signer: AssertionSigner
}

/** What goes to the upstream for a passage, without a body; a promise where the assertion has to be signed first. */
export type BuildUpstreamRequest = (passage: AdmittedRequest) => UpstreamRequest | Promise<UpstreamRequest>

export function buildUpstreamRequest(deps: UpstreamRequestDeps): BuildUpstreamRequest {
  const scheme = new URL(deps.config.server.publicUrl).protocol.slice(0, -1)
  const cookieBase = deps.config.cookie.name

  function outgoing(passage: AdmittedRequest): UpstreamRequest | Promise<UpstreamRequest> {
    const { route, admitted } = passage
    const assertion = admitted.principal && assertionFor(route, admitted, admitted.principal)
    if (assertion instanceof Promise) return assertion.then((signed) => withAssertion(passage, signed))
    return withAssertion(passage, assertion)
  }

  function withAssertion(passage: AdmittedRequest, assertion: string | undefined): UpstreamRequest {
    const { route, below, admitted } = passage
    const { query } = below.app
    return {
      origin: route.profile.upstream?.(admitted) ?? route.config.upstream,
      tenant: tenantOf(admitted),
      method: below.app.method,
      path: query === '' ? below.upstreamPath : `${below.upstreamPath}?${query}`,
      headers: outgoingHeaders(passage, assertion),
      responseMs: route.config.responseSeconds * 1000,
      connectMs: route.config.connectSeconds * 1000,
    }
  }

  function outgoingHeaders(
    { exchange, route, below, admitted }: AdmittedRequest,
    assertion: string | undefined,
  ): string[] {
    const { request } = exchange
    const { profile, config } = route
    const headers = passableHeaders(
      request,
      // An answer that is rewritten must come as it is read.
      profile.responseRule?.(below.app)
        ? new Set([...profile.dropRequestHeaders, 'accept-encoding'])
        : profile.dropRequestHeaders,
    )
    const upstream = profile.upstream?.(admitted) ?? config.upstream
    headers.push('Host', profile.hostHeader === 'public' ? exchange.host : hostOf(upstream))
    const cookies = upstreamCookies(request.headers.cookie, cookieBase, profile.cookies)
    if (cookies !== undefined) headers.push('Cookie', cookies)
    writeIdentity(headers, {
      principal: admitted.principal,
      project: admitted.project,
      assertion,
      requestId: exchange.requestId,
      clientAddress: exchange.clientAddress,
      publicHost: exchange.host,
      publicScheme: scheme,
    })
    const authorization = authorizationFor(exchange, profile.authorization, assertion, deps.clock())
    if (authorization !== undefined) headers.push('Authorization', authorization)
    for (const [name, value] of Object.entries(profile.headers?.(admitted) ?? {})) headers.push(name, headerText(value))
    return headers
  }

  function assertionFor(
    route: Route,
    admitted: Admission,
    principal: NonNullable<Admission['principal']>,
  ): string | Promise<string> {
    const { role, project } = admitted
    const projects = route.profile.assertsProjects
      ? assertedProjects(principal, role, project, currentProjects(deps.projects))
      : undefined
    const subject: AssertionSubject = { principal, role, project, ...(projects ? { projects } : {}) }
    return deps.signer.peek(route.name, subject) ?? deps.signer.sign(route.name, subject)
  }

  return outgoing
}

/** Requests without identity share what one tenant may hold. */
const tenantOf = ({ project, principal }: Admission): string => project?.id ?? principal?.subject ?? 'public'

/** Upstreams come from the configuration: few, and parsed once. */
const upstreamHosts = new Map<string, string>()

function hostOf(upstream: string): string {
  const known = upstreamHosts.get(upstream)
  if (known !== undefined) return known
  const { host } = new URL(upstream)
  upstreamHosts.set(upstream, host)
  return host
}
