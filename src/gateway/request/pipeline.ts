import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyRule } from '../apps/profile.ts'
import { Refusal } from '../errors.ts'
import type { Forwarder, ResponsePlan, UpstreamRequest } from '../forward/forwarder.ts'
import type { AssertionSigner } from '../forward/headers/assertion.ts'
import type { Reauthorize } from '../forward/reauthorize.ts'
import { buildResponsePlan } from '../forward/response-plan.ts'
import { type BuildUpstreamRequest, buildUpstreamRequest } from '../forward/upstream-request.ts'
import type { ClientAddress } from '../http/client-address.ts'
import { askForBody } from '../http/expect.ts'
import { readBody } from '../http/read-body.ts'
import { checkSyntax } from '../http/syntax.ts'
import { parseTarget } from '../http/target.ts'
import type { Audit } from '../observability/audit.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import { isBareMount, redirectToSlash } from '../routing/bare-mount.ts'
import { readBelowRoute } from '../routing/below-route.ts'
import { type Exchange, openExchange } from '../routing/request-context.ts'
import { canonicalHost, type Route, type RouteTable } from '../routing/routes.ts'
import type { GatewayDeps } from '../runtime/deps.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import { buildJudge } from './authorize.ts'
import type { CrossOrigin } from './cross-origin.ts'
import type { Refuse } from './deny.ts'
import type { OwnEndpoints } from './own-endpoints.ts'
import { sendReply } from './send-reply.ts'

export interface PathDeps extends GatewayDeps {
  readonly routes: RouteTable
  readonly authenticate: Authenticate
  readonly reauthorize: Reauthorize
  readonly signer: AssertionSigner
  readonly forwarder: Forwarder
  readonly crossOrigin: CrossOrigin
  readonly clientAddress: ClientAddress
  readonly ownEndpoints: OwnEndpoints
  readonly refuse: Refuse
  readonly audit: Pick<Audit, 'allowed'>
  readonly metrics: Pick<Metrics, 'request'>
}

/** A request whose body took longer than this to be read whole is judged again before it goes on, ms. */
const JUDGED_MS = 1000

export interface Gateway {
  /** Handles one request, to its answer. Never throws, never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Every step up to and including the decision, for upgrades. @throws Refusal */
  admit(exchange: Exchange): Promise<AdmittedRequest | undefined>
  outgoing: BuildUpstreamRequest
  /** How its answer is passed back. */
  incoming(passage: AdmittedRequest, outgoing: UpstreamRequest): ResponsePlan
  open(request: IncomingMessage, response: ServerResponse): Exchange
}

/** The request path. Read it from the top: each line is a step, and a step that refuses throws. */
export function buildGateway(deps: PathDeps): Gateway {
  const defaultPort = deps.config.server.publicUrl.startsWith('https:') ? '443' : '80'
  const { judge, admitWith } = buildJudge(deps)
  const outgoing = buildUpstreamRequest(deps)
  const incoming = buildResponsePlan(deps.config)

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
    return openExchange(request, response, deps.clientAddress)
  }

  async function admit(exchange: Exchange): Promise<AdmittedRequest | undefined> {
    const { request } = exchange
    checkSyntax(request, deps.config.limits)
    exchange.target = parseTarget(request.url ?? '')
    const health = deps.ownEndpoints.health(exchange)
    if (health && (await health)) return undefined
    exchange.host = checkHost(request)
    exchange.route = deps.routes.match(exchange.host, exchange.target.path)
    deps.crossOrigin.annotate(exchange)
    if (deps.crossOrigin.isPreflight(exchange)) return void deps.crossOrigin.answerPreflight(exchange)
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

  async function pass(passage: AdmittedRequest): Promise<void> {
    const { exchange, route, admitted } = passage
    const { profile } = route
    const answer = profile.reply?.(admitted)
    if (answer) return sendReply(exchange, answer)
    const rule = profile.bodyRule?.(passage.below.app)
    const judgedAt = rule && deps.clock()
    const preparing = profile.prepare?.(admitted)
    if (preparing) await preparing
    const body = rule && (await rewrittenBody(passage, rule))
    if (judgedAt !== undefined && deps.clock() - judgedAt > JUDGED_MS) await deps.reauthorize(exchange, true)
    const prepared = outgoing(passage)
    const plain = prepared instanceof Promise ? await prepared : prepared
    if (body) plain.headers.push('Content-Length', String(body.length))
    await deps.forwarder.forward(exchange, body ? { ...plain, body } : plain, incoming(passage, plain))
  }

  async function rewrittenBody({ exchange, admitted }: AdmittedRequest, rule: BodyRule): Promise<Buffer> {
    const { request, response } = exchange
    askForBody(request, response)
    const whole = await readBody(request, {
      maxBytes: rule.maxBytes,
      idleMs: deps.config.limits.bodyIdleSeconds * 1000,
    })
    return rule.rewrite(whole, admitted)
  }

  return { handle, admit, outgoing, incoming, open }
}
