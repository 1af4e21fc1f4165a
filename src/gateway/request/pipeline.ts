import { Refusal } from '../errors.ts'
import type { Reply, Transport } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import { checkSyntax, type SyntaxLimits } from '../http/syntax.ts'
import { parseTarget } from '../http/target.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import { isBareMount, redirectToSlash } from '../routing/bare-mount.ts'
import { type BelowRoute, readBelowRoute } from '../routing/below-route.ts'
import { redirectToCurrentName } from '../routing/current-name.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { canonicalHost, type Route, type RouteTable } from '../routing/routes.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import type { Caller } from '../tokens/caller.ts'
import { stepUpRequired } from '../tokens/step-up-refusal.ts'
import type { Authorize } from './authorize.ts'
import type { CrossOrigin } from './cross-origin.ts'
import type { OwnEndpoints } from './own-endpoints.ts'
import { isWriting } from './request-audit.ts'

export interface PipelineDeps {
  /** The public URL's scheme decides which port `Host` may leave out. */
  readonly publicUrl: URL
  readonly limits: SyntaxLimits
  readonly routes: Pick<RouteTable, 'hosts' | 'match'>
  readonly crossOrigin: CrossOrigin
  readonly ownEndpoints: OwnEndpoints
  readonly authenticate: Authenticate
  readonly authorize: Authorize
  /** Whether changes can be recorded in the audit trail. Absent: they are not recorded. */
  readonly admitsWrites?: () => boolean
}

export interface Pipeline {
  /** Steps 1 to 9. @returns a reply of the gateway's own, or the request that may be forwarded. @throws Refusal */
  admit(context: RequestContext, transport: Transport): Result | Promise<Result>
  /** Steps 1 and 3: where the request goes; nothing is known of who sends it. @throws Refusal */
  locate(context: RequestContext): void
  /** Steps 6 to 9. @throws Refusal */
  authorize(context: RequestContext): Result | Promise<Result>
}

/** A request that may be forwarded, or a reply of the gateway's own. */
export type Result = AdmittedRequest | Reply

const PLAIN_BEGINNING = /^(?:\/[\w~-]+)+/

export const isReply = (result: Result): result is Reply => 'status' in result

/**
 * The request path. Read it from the top: each line is a step over plain values. A step continues, returns a reply, or
 * denies by throwing a `Refusal`. Requests, WebSockets, forward auth and `explain` take the same steps; what follows
 * the last one is in pass.ts (requests) and upgrade.ts (WebSockets).
 */
export function buildPipeline(deps: PipelineDeps): Pipeline {
  const { routes, crossOrigin, ownEndpoints, authorize: policy, limits } = deps
  const defaultPort = deps.publicUrl.protocol === 'https:' ? '443' : '80'

  function admit(context: RequestContext, transport: Transport): Result | Promise<Result> {
    readTarget(context) // 1 request syntax and target
    const health = ownEndpoints.health(context) // 2 /healthz and /readyz, on any host
    if (health) return health
    findRoute(context) // 3 host and route
    crossOrigin.annotate(context) // 4 CORS
    const preflight = crossOrigin.preflight(context)
    if (preflight) return preflight
    const own = ownEndpoints.serve(context, transport) // 5 sign-in endpoints, the portal
    if (own) return own
    return authorize(context)
  }

  function authorize(context: RequestContext): Result | Promise<Result> {
    const route = checkRoute(context) // 6 404, 405, and what the application sees below the route
    if (isBareMount(context, route)) return redirectToSlash(context)
    const below = readBelowRoute(context.head, targetOf(context), route)
    context.appRequest = below.app
    if (route.profile.hides?.(below.app)) throw new Refusal('no-route', 'the profile hides the path')
    const disguised = ownEndpoints.disguised(context, below.app)
    if (disguised) return disguised
    const caller = deps.authenticate(context) // 7 who is calling; at once for a session or token that is known
    if (caller instanceof Promise) return caller.then((found) => decide(context, route, below, found))
    return decide(context, route, below, caller)
  }

  function decide(context: RequestContext, route: Route, below: BelowRoute, caller: Caller | undefined): Result {
    context.caller = caller
    // A session cookie that another site sent along is denied before anything is decided with it.
    if (caller?.via === 'session') crossOrigin.check(context) // 8 CSRF
    const decision = policy.decide(context, route, below) // 9 the decision
    if (!decision.allow) {
      context.decision = decision
      if (decision.reason === 'step-up-required') throw stepUpRequired(decision.rule, decision.shortfall)
      throw new Refusal(decision.reason, `decision: ${decision.reason}`)
    }
    const renamed = redirectToCurrentName(context, route, below, decision.project)
    if (renamed) return renamed
    checkRecorded(context) // what cannot be recorded is not done, if the configuration says so
    context.decision = decision
    const admission = policy.admit(context, below, decision)
    context.admission = admission
    return { context, route, below, admission }
  }

  /** @throws Refusal audit-unavailable */
  function checkRecorded({ use, head }: RequestContext): void {
    if (deps.admitsWrites?.() !== false || !(isWriting(use) || isWebSocket(head))) return
    throw new Refusal('audit-unavailable', 'a sink of the audit trail fails, or its queue is full')
  }

  function locate(context: RequestContext): void {
    readTarget(context)
    findRoute(context)
  }

  function readTarget(context: RequestContext): void {
    checkSyntax(context.head, limits)
    try {
      context.target = parseTarget(context.head.target)
    } catch (error) {
      context.dialect = dialectFor(context.head)
      throw error
    }
  }

  /** How the application that the plain beginning of a malformed path names reports errors. Nothing else depends on it. */
  function dialectFor({ host: named, target }: RequestHead) {
    const host = canonicalHost(named, defaultPort)
    const beginning = PLAIN_BEGINNING.exec(target)?.[0]
    return host === undefined || beginning === undefined ? undefined : routes.match(host, beginning)?.profile.refusal
  }

  function findRoute(context: RequestContext): void {
    const host = canonicalHost(context.head.host, defaultPort)
    if (host === undefined) throw new Refusal('request-malformed', 'Host is missing or malformed')
    if (!routes.hosts.has(host)) throw new Refusal('unknown-host', 'Host is not one of the configured ones')
    context.host = host
    context.route = routes.match(host, targetOf(context).path)
  }

  return { admit, locate, authorize }
}

/** @throws Refusal no-route, method-not-allowed */
function checkRoute({ head, route }: RequestContext): Route {
  if (!route) throw new Refusal('no-route', 'no route covers the path')
  if (route.methods.has(head.method)) return route
  const headers = { Allow: [...route.methods].join(', ') }
  throw new Refusal('method-not-allowed', 'method is not in routes.methods', { headers })
}

/** The target, which the first step read. */
function targetOf({ target }: RequestContext) {
  if (target === undefined) throw new Refusal('internal', 'the target was not read')
  return target
}
