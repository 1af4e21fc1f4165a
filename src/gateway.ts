import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Admitted, Answer, BodyRule } from './apps/profile.ts'
import type { GatewayDeps } from './deps.ts'
import { Refusal } from './errors.ts'
import type { Authenticate } from './identity/authenticate.ts'
import type { Audit } from './observability/audit.ts'
import type { Metrics } from './observability/metrics.ts'
import { decide, isAdmin } from './policy/decide.ts'
import type { Decision } from './policy/types.ts'
import { type BelowRoute, readBelowRoute } from './proxy/app-request.ts'
import { assertedProjects } from './proxy/asserted-projects.ts'
import type { AssertionSigner, AssertionSubject } from './proxy/assertion.ts'
import type { ClientAddress } from './proxy/client-address.ts'
import { upstreamCookies } from './proxy/cookies.ts'
import type { CrossOrigin } from './proxy/cross-origin.ts'
import type { Exchange } from './proxy/exchange.ts'
import { askForBody } from './proxy/expect.ts'
import type { Forwarder, Incoming, Outgoing } from './proxy/forward.ts'
import { headerText, passableHeaders, writeIdentity } from './proxy/identity-headers.ts'
import { isNavigation } from './proxy/navigation.ts'
import type { OwnEndpoints } from './proxy/own-endpoints.ts'
import { readBody } from './proxy/read-body.ts'
import type { Refuse } from './proxy/refuse.ts'
import { accessOf, canonicalHost, type Route, type RouteTable } from './proxy/routes.ts'
import { parseTarget } from './proxy/target.ts'
import { checkWire } from './proxy/wire.ts'

export interface PathDeps extends GatewayDeps {
  readonly routes: RouteTable
  readonly authenticate: Authenticate
  readonly signer: AssertionSigner
  readonly forwarder: Forwarder
  readonly crossOrigin: CrossOrigin
  readonly clientAddress: ClientAddress
  readonly ownEndpoints: OwnEndpoints
  readonly refuse: Refuse
  readonly audit: Pick<Audit, 'allowed'>
  readonly metrics: Pick<Metrics, 'request'>
}

/** A request that was judged and may go on. */
export interface Passage {
  readonly exchange: Exchange
  readonly route: Route
  readonly below: BelowRoute
  readonly admitted: Admitted
}

export interface Gateway {
  /** Handles one request, to its answer. Never throws, never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Every step up to and including the decision, for upgrades. @throws Refusal */
  admit(exchange: Exchange): Promise<Passage | undefined>
  /** What goes to the upstream, without a body. */
  outgoing(passage: Passage): Promise<Outgoing>
  /** How its answer is passed back. */
  incoming(passage: Passage, outgoing: Outgoing): Incoming
  open(request: IncomingMessage, response: ServerResponse): Exchange
}

/** The request path. Read it from the top: each line is a step, and a step that refuses throws. */
export function buildGateway(deps: PathDeps): Gateway {
  const publicUrl = new URL(deps.config.server.publicUrl)
  const scheme = publicUrl.protocol.slice(0, -1)
  const defaultPort = scheme === 'https' ? '443' : '80'
  const cookieBase = deps.config.cookie.name

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now()
    const exchange = open(request, response)
    try {
      const passage = await admit(exchange)
      if (passage) await pass(passage)
    } catch (error) {
      deps.refuse(exchange, error)
    }
    deps.metrics.request(exchange.route?.name, response.statusCode, (performance.now() - startedAt) / 1000)
  }

  function open(request: IncomingMessage, response: ServerResponse): Exchange {
    return {
      request,
      response,
      requestId: randomUUID(),
      host: '',
      target: undefined,
      route: undefined,
      caller: undefined,
      admitted: undefined,
      answerHeaders: [],
      clientAddress: deps.clientAddress(
        request.socket.remoteAddress,
        request.headers['x-forwarded-for'] as string | undefined,
      ),
    }
  }

  async function admit(exchange: Exchange): Promise<Passage | undefined> {
    const { request } = exchange
    checkWire(request, deps.config.limits)
    exchange.target = parseTarget(request.url ?? '')
    const health = deps.ownEndpoints.health(exchange)
    if (health && (await health)) return undefined
    exchange.host = checkHost(request)
    exchange.route = deps.routes.match(exchange.host, exchange.target.path)
    deps.crossOrigin.annotate(exchange)
    if (deps.crossOrigin.isPreflight(exchange)) return answerPreflight(exchange)
    const served = deps.ownEndpoints.serve(exchange)
    if (served && (await served)) return undefined
    const route = checkRoute(exchange)
    if (isBareMount(exchange, route)) return redirectToSlash(exchange)
    const below = readBelowRoute(request, exchange.target, route)
    if (route.profile.hides?.(below.app)) throw new Refusal('no-route', 'the profile hides the path')
    if (deps.ownEndpoints.disguised(exchange, below.app)) return undefined
    const caller = deps.authenticate(exchange)
    exchange.caller = caller instanceof Promise ? await caller : caller
    // A session that rides along from another site is refused before anything is decided with it.
    if (exchange.caller?.via === 'session') deps.crossOrigin.check(exchange)
    const decision = judge(exchange, route, below)
    if (!decision.allow) throw new Refusal(decision.reason, `decision: ${decision.reason}`)
    const admitted = admitWith(exchange, below, decision)
    exchange.admitted = admitted
    deps.audit.allowed(exchange, decision)
    return { exchange, route, below, admitted }
  }

  function checkHost(request: IncomingMessage): string {
    const host = canonicalHost(request.headers.host, defaultPort)
    if (host === undefined) throw new Refusal('request-malformed', 'Host is missing or malformed')
    if (!deps.routes.hosts.has(host)) throw new Refusal('unknown-host', 'Host is not one of the configured ones')
    return host
  }

  function checkRoute({ request, route }: Exchange): Route {
    if (!route) throw new Refusal('no-route', 'no route covers the path')
    if (!route.methods.has(request.method ?? '')) {
      throw new Refusal('method-not-allowed', 'method is not in routes.methods', {
        headers: { Allow: [...route.methods].join(', ') },
      })
    }
    return route
  }

  function judge({ caller }: Exchange, route: Route, below: BelowRoute): Decision {
    const question = {
      access: accessOf(route, below.app),
      use: route.profile.use(below.app),
      principal: caller?.principal,
      named: below.named,
      selected: caller?.session?.selectedProject,
    }
    return decide(question, deps.rules, deps.projects)
  }

  function admitWith(
    { caller, requestId }: Exchange,
    below: BelowRoute,
    decision: Decision & { allow: true },
  ): Admitted {
    // A public route gets no identity at all, whoever asks.
    const principal = decision.role === 'anonymous' ? undefined : caller?.principal
    const projects = () => {
      if (!principal) return []
      return isAdmin(principal, deps.rules) ? deps.projects.all() : deps.projects.listFor(principal)
    }
    return { request: below.app, principal, role: decision.role, project: decision.project, projects, requestId }
  }

  async function pass(passage: Passage): Promise<void> {
    const { exchange, route, admitted } = passage
    const { profile } = route
    const answer = profile.answer?.(admitted)
    if (answer) return sendAnswer(exchange, answer)
    const preparing = profile.prepare?.(admitted)
    if (preparing) await preparing
    const rule = profile.bodyRule?.(passage.below.app)
    const body = rule && (await rewrittenBody(passage, rule))
    const plain = await outgoing(passage)
    if (body) plain.headers.push('Content-Length', String(body.length))
    await deps.forwarder.forward(exchange, body ? { ...plain, body } : plain, incoming(passage, plain))
  }

  async function outgoing(passage: Passage): Promise<Outgoing> {
    const { route, below, admitted } = passage
    const { query } = below.app
    const signing = admitted.principal && assertionFor(route, admitted, admitted.principal)
    const assertion = signing instanceof Promise ? await signing : signing
    return {
      origin: route.profile.upstream?.(admitted) ?? route.config.upstream,
      method: below.app.method,
      path: query === '' ? below.upstreamPath : `${below.upstreamPath}?${query}`,
      headers: outgoingHeaders(passage, assertion),
      answerMs: route.config.answerSeconds * 1000,
      connectMs: route.config.connectSeconds * 1000,
    }
  }

  async function rewrittenBody({ exchange, admitted }: Passage, rule: BodyRule): Promise<Buffer> {
    const { request, response } = exchange
    askForBody(request, response)
    const whole = await readBody(request, {
      maxBytes: rule.maxBytes,
      idleMs: deps.config.limits.bodyIdleSeconds * 1000,
    })
    return rule.rewrite(whole, admitted)
  }

  function outgoingHeaders({ exchange, route, below, admitted }: Passage, assertion: string | undefined): string[] {
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
    admitted: Admitted,
    principal: NonNullable<Admitted['principal']>,
  ): string | Promise<string> {
    const { role, project } = admitted
    const projects = route.profile.assertsProjects
      ? assertedProjects(principal, role, project, deps.projects)
      : undefined
    const subject: AssertionSubject = { principal, role, project, ...(projects ? { projects } : {}) }
    return deps.signer.peek(route.name, subject) ?? deps.signer.sign(route.name, subject)
  }

  function incoming({ exchange, route, below, admitted }: Passage, { origin }: Outgoing): Incoming {
    const rule = route.profile.responseRule?.(below.app)
    return {
      cookieBase,
      location: (value) =>
        publicLocation(
          value,
          origin,
          route.profile.stripPrefix ? below.publicPrefix : '',
          `${scheme}://${exchange.host}`,
        ),
      rewrite: rule && { maxBytes: rule.maxBytes, apply: (status, body) => rule.rewrite(status, body, admitted) },
    }
  }

  function answerPreflight(exchange: Exchange): undefined {
    const headers = [
      ...exchange.answerHeaders,
      ...deps.crossOrigin.preflightHeaders(exchange),
      'X-Request-Id',
      exchange.requestId,
    ]
    exchange.response.writeHead(204, headers).end()
  }

  function redirectToSlash({ request, response, requestId, target }: Exchange): undefined {
    const query = target?.query ? `?${target.query}` : ''
    response.writeHead(request.method === 'GET' || request.method === 'HEAD' ? 302 : 308, {
      Location: `${target?.path}/${query}`,
      'Content-Length': '0',
      'Cache-Control': 'no-store',
      'X-Request-Id': requestId,
    })
    response.end()
  }

  return { handle, admit, outgoing, incoming, open }
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

/** An application mounted below a prefix uses relative links: its start page needs the slash. */
function isBareMount({ request, target }: Exchange, route: Route): boolean {
  if (!route.profile.stripPrefix || target === undefined || target.path.endsWith('/')) return false
  const rest = target.path.slice(route.prefix.length)
  const bare = rest === '' || (route.profile.projectInPath && /^\/[0-9a-f-]{36}$/i.test(rest))
  return bare && (isNavigation(request) || request.method === 'GET' || request.method === 'HEAD')
}

/**
 * A session may outlive its access token while the issuer is away. An upstream that judges the token would take that
 * for bad credentials: it is told nothing, and the client that it is an outage.
 * @throws Refusal issuer-down
 */
function authorizationFor(
  { caller }: Exchange,
  wanted: 'none' | 'access-token' | 'assertion',
  assertion: string | undefined,
  now: number,
): string | undefined {
  if (wanted === 'assertion' && assertion !== undefined) return `Bearer ${assertion}`
  if (wanted !== 'access-token') return undefined
  const held = caller?.session?.tokens
  if (held !== undefined && held.accessExpiresAt <= now) {
    throw new Refusal('issuer-down', 'the access token is over and not renewed', { headers: { 'Retry-After': '5' } })
  }
  const token = held?.accessToken ?? caller?.token
  return token === undefined ? undefined : `Bearer ${token}`
}

/** An upstream that redirects to itself names its own address: the client needs ours. */
function publicLocation(value: string, upstream: string, prefix: string, publicOrigin: string): string {
  const origin = new URL(upstream).origin
  if (value.startsWith(`${origin}/`)) return `${publicOrigin}${prefix}${value.slice(origin.length)}`
  return value.startsWith('/') && !value.startsWith('//') ? `${prefix}${value}` : value
}

function sendAnswer(
  { request, response, requestId, answerHeaders }: Exchange,
  { status, headers, body }: Answer,
): void {
  const head = [...answerHeaders, 'X-Request-Id', requestId, 'Content-Length', String(Buffer.byteLength(body))]
  for (const [name, value] of Object.entries(headers)) head.push(name, value)
  response.writeHead(status, head)
  response.end(request.method === 'HEAD' ? undefined : body)
}
