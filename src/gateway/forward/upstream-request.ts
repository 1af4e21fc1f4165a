import type { Clock } from '../../shared/clock.ts'
import type { Admission } from '../apps/profile.ts'
import type { Config } from '../config/schema.ts'
import { currentProjects, type ProjectSource } from '../projects/source.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { Route } from '../routing/routes.ts'
import { assertedProjects } from './headers/asserted-projects.ts'
import type { AssertionSigner, AssertionSubject } from './headers/assertion.ts'
import { headerText, type IdentityFacts, passableHeaders, writeIdentity } from './headers/identity-headers.ts'
import { REQUEST_PROOF, requestProof } from './headers/request-proof.ts'
import { authorizationFor } from './headers/upstream-authorization.ts'
import { upstreamCookies } from './headers/upstream-cookies.ts'
import { isPageForBar, NOT_FOR_PAGES } from './page-bar.ts'

/** What is sent to an upstream: all of it was authorized, and nothing is added after this. */
export interface UpstreamRequest {
  readonly origin: string
  /** Who shares the upstream's connections with others: a project, else a principal. */
  readonly tenant: string
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  /** Absent: the request's own body is streamed. */
  readonly body?: Buffer
  /** Longest wait for the head of the response, ms; 0: none. */
  readonly responseMs: number
  readonly connectMs: number
}

export interface UpstreamRequestDeps {
  readonly config: Config
  readonly clock: Clock
  readonly projects: ProjectSource
  readonly signer: AssertionSigner
}

/** What goes to the upstream for an admitted request, without a body; a promise where the assertion has to be signed first. */
export type BuildUpstreamRequest = (admitted: AdmittedRequest) => UpstreamRequest | Promise<UpstreamRequest>

export function buildUpstreamRequest(deps: UpstreamRequestDeps): BuildUpstreamRequest {
  const scheme = new URL(deps.config.server.publicUrl).protocol.slice(0, -1)
  const cookieBase = deps.config.cookie.name

  function outgoing(request: AdmittedRequest): UpstreamRequest | Promise<UpstreamRequest> {
    const { route, admission } = request
    if (isWithheld(request)) return withAssertion(request, undefined)
    const assertion = admission.principal && assertionFor(route, admission, admission.principal)
    if (assertion instanceof Promise) return assertion.then((signed) => withAssertion(request, signed))
    return withAssertion(request, assertion)
  }

  function withAssertion(request: AdmittedRequest, assertion: string | undefined): UpstreamRequest {
    const { route, below, admission } = request
    const { method } = below.app
    const query = route.profile.query?.(admission) ?? below.app.query
    const path = query === '' ? below.upstreamPath : `${below.upstreamPath}?${query}`
    const headers = outgoingHeaders(request, assertion)
    const requestSecret = route.config.airflow?.requestSecret
    if (requestSecret !== undefined && assertion !== undefined)
      headers.push(REQUEST_PROOF, requestProof(requestSecret, { assertion, method, path }, deps.clock()))
    return {
      origin: route.profile.upstream?.(admission) ?? route.config.upstream,
      tenant: tenantOf(admission),
      method,
      path,
      headers,
      responseMs: route.config.responseSeconds * 1000,
      connectMs: route.config.connectSeconds * 1000,
    }
  }

  function outgoingHeaders(request: AdmittedRequest, assertion: string | undefined): string[] {
    const { context, route, admission } = request
    const { head } = context
    const { profile, config } = route
    const headers = passableHeaders(head, droppedHeaders(request), context.trace)
    const upstream = profile.upstream?.(admission) ?? config.upstream
    headers.push('Host', profile.hostHeader === 'public' ? context.host : hostOf(upstream))
    const cookies = upstreamCookies(head.headers.cookie, cookieBase, profile.cookies)
    if (cookies !== undefined) headers.push('Cookie', cookies)
    if (isWithheld(request)) headers.push('X-Request-Id', head.requestId)
    else writeIdentity(headers, factsOf(request, assertion))
    const authorization = isWithheld(request)
      ? undefined
      : authorizationFor(context.caller, profile.authorization, assertion, deps.clock())
    if (authorization !== undefined) headers.push('Authorization', authorization)
    for (const [name, value] of Object.entries(profile.headers?.(admission) ?? {}))
      headers.push(name, headerText(value))
    return headers
  }

  function factsOf({ context, admission }: AdmittedRequest, assertion: string | undefined): IdentityFacts {
    const { head } = context
    return {
      principal: admission.principal,
      project: admission.project,
      assertion,
      requestId: head.requestId,
      clientAddress: head.clientAddress,
      publicHost: context.host,
      publicScheme: scheme,
    }
  }

  function assertionFor(
    route: Route,
    admission: Admission,
    principal: NonNullable<Admission['principal']>,
  ): string | Promise<string> {
    const { role, project } = admission
    const projects = route.profile.assertsProjects
      ? assertedProjects(principal, role, project, currentProjects(deps.projects))
      : undefined
    const subject: AssertionSubject = { principal, role, project, ...(projects ? { projects } : {}) }
    return deps.signer.peek(route.name, subject) ?? deps.signer.sign(route.name, subject)
  }

  return outgoing
}

const isWithheld = ({ route, below }: AdmittedRequest) => route.profile.withholdsIdentity?.(below.app) ?? false

/** Requests without identity share what one tenant may hold. */
const tenantOf = ({ project, principal }: Admission): string => project?.id ?? principal?.subject ?? 'public'

/** A response that is rewritten must come whole and must not be compressed. */
function droppedHeaders(request: AdmittedRequest): ReadonlySet<string> {
  const { profile } = request.route
  if (profile.responseRule?.(request.below.app)) return new Set([...profile.dropRequestHeaders, 'accept-encoding'])
  if (isPageForBar(request)) return new Set([...profile.dropRequestHeaders, ...NOT_FOR_PAGES])
  return profile.dropRequestHeaders
}

/** Upstreams come from the configuration: few, and parsed once. */
const upstreamHosts = new Map<string, string>()

function hostOf(upstream: string): string {
  const known = upstreamHosts.get(upstream)
  if (known !== undefined) return known
  const { host } = new URL(upstream)
  upstreamHosts.set(upstream, host)
  return host
}
