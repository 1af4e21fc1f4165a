import type { Clock } from '../../shared/clock.ts'
import type { Admission } from '../apps/profile.ts'
import type { Config } from '../config/schema.ts'
import { currentProjects, type ProjectSource } from '../projects/source.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { Route } from '../routing/routes.ts'
import type { ExchangedTokens } from '../tokens/exchange/exchanged-tokens.ts'
import { assertedProjects } from './headers/asserted-projects.ts'
import type { AssertionSigner, AssertionSubject } from './headers/assertion.ts'
import { clientAuthorization } from './headers/client-authorization.ts'
import { headerText, type IdentityFacts, passableHeaders, writeIdentity } from './headers/identity-headers.ts'
import { REQUEST_PROOF, requestProof } from './headers/request-proof.ts'
import { authorizationFor } from './headers/upstream-authorization.ts'
import { upstreamCookies } from './headers/upstream-cookies.ts'
import { isPageForBar, NOT_FOR_PAGES } from './page-bar.ts'
import type { Reauthorize } from './reauthorize.ts'

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
  readonly exchangedTokens: Pick<ExchangedTokens, 'tokenFor'>
  readonly reauthorize: Reauthorize
}

/** What the gateway writes to prove who is calling. */
interface Proofs {
  readonly assertion: string | undefined
  /** The token in exchange for the caller's. */
  readonly exchanged: string | undefined
}

/**
 * What goes to the upstream for an admitted request, without a body; a promise where the assertion has to be signed or a
 * token exchanged first. @throws Refusal
 */
export type BuildUpstreamRequest = (admitted: AdmittedRequest) => UpstreamRequest | Promise<UpstreamRequest>

export function buildUpstreamRequest(deps: UpstreamRequestDeps): BuildUpstreamRequest {
  const scheme = new URL(deps.config.server.publicUrl).protocol.slice(0, -1)
  const cookieBase = deps.config.cookie.name

  function outgoing(request: AdmittedRequest): UpstreamRequest | Promise<UpstreamRequest> {
    if (isWithheld(request)) return withProofs(request, { assertion: undefined, exchanged: undefined })
    const exchanged = exchangedFor(request)
    return exchanged instanceof Promise ? afterExchange(request, exchanged) : withAssertion(request, exchanged)
  }

  /** The session may have ended, or the access, while the issuer was asked. */
  async function afterExchange(request: AdmittedRequest, exchanging: Promise<string>): Promise<UpstreamRequest> {
    const exchanged = await exchanging
    await deps.reauthorize(request.context, true)
    return withAssertion(request, exchanged)
  }

  function exchangedFor({ route, context, admission }: AdmittedRequest): string | Promise<string> | undefined {
    const { tokenExchange } = route.config
    if (tokenExchange === undefined || admission.principal === undefined || context.caller === undefined)
      return undefined
    return deps.exchangedTokens.tokenFor(context.caller, tokenExchange)
  }

  function withAssertion(
    request: AdmittedRequest,
    exchanged: string | undefined,
  ): UpstreamRequest | Promise<UpstreamRequest> {
    const { route, admission } = request
    const assertion = admission.principal && assertionFor(route, admission, admission.principal)
    if (assertion instanceof Promise)
      return assertion.then((signed) => withProofs(request, { assertion: signed, exchanged }))
    return withProofs(request, { assertion, exchanged })
  }

  function withProofs(request: AdmittedRequest, proofs: Proofs): UpstreamRequest {
    const { assertion } = proofs
    const { route, below, admission } = request
    const { method } = below.app
    const query = route.profile.query?.(admission) ?? below.app.query
    const path = query === '' ? below.upstreamPath : `${below.upstreamPath}?${query}`
    const headers = outgoingHeaders(request, proofs)
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

  function outgoingHeaders(request: AdmittedRequest, proofs: Proofs): string[] {
    const { context, route, admission } = request
    const { head } = context
    const { profile, config } = route
    const headers = passableHeaders(head, droppedHeaders(request), context.trace)
    const upstream = profile.upstream?.(admission) ?? config.upstream
    headers.push('Host', profile.hostHeader === 'public' ? context.host : hostOf(upstream))
    const cookies = upstreamCookies(head.headers.cookie, cookieBase, profile.cookies)
    if (cookies !== undefined) headers.push('Cookie', cookies)
    if (isWithheld(request)) headers.push('X-Request-Id', head.requestId)
    else writeIdentity(headers, factsOf(request, proofs))
    const authorization = isWithheld(request) ? undefined : authorizationOf(request, proofs)
    if (authorization !== undefined) headers.push('Authorization', authorization)
    for (const [name, value] of Object.entries(profile.headers?.(admission) ?? {}))
      headers.push(name, headerText(value))
    return headers
  }

  function factsOf({ context, admission }: AdmittedRequest, { assertion }: Proofs): IdentityFacts {
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

  function authorizationOf(
    { route: { profile }, context, admission }: AdmittedRequest,
    { assertion, exchanged }: Proofs,
  ): string | undefined {
    const { authorization } = profile
    if (authorization === 'exchanged-token') return exchanged && `Bearer ${exchanged}`
    if (authorization === 'client') return admission.principal && clientAuthorization(context.head)
    return authorizationFor(context.caller, authorization, assertion, deps.clock())
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
