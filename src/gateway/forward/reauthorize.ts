import type { Clock } from '../../shared/clock.ts'
import { isCompactJws, parseCompactJwt } from '../../shared/tokens/compact-jwt.ts'
import { Refusal } from '../errors.ts'
import { isWebSocket } from '../http/websocket.ts'
import { isWeaker } from '../policy/roles.ts'
import type { ProjectRules } from '../projects/current-projects-of.ts'
import { decideNow } from '../projects/decide-now.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { accessOf, type Route, type RouteTable } from '../routing/routes.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import { authenticationOf, type Caller } from '../tokens/caller.ts'
import { credentialsField } from '../tokens/credentials-field.ts'
import { stepUpRequired } from '../tokens/step-up-refusal.ts'

/**
 * Authorizes a request again that was admitted before: may this caller still do this, in the same project?
 * @param outlivesToken Whether the request may continue for a while after the access token that admitted it expired.
 * @throws Refusal
 */
export type Reauthorize = (context: RequestContext, outlivesToken: boolean) => Promise<void>

export interface ReauthorizeDeps extends ProjectRules {
  readonly authenticate: Authenticate
  /** The current routes: a reload may have changed them since. */
  readonly routes: Pick<RouteTable, 'match'>
  readonly clock: Clock
  /** How long a request may continue after its access token expired, ms. */
  readonly overrunMs: number
}

export function buildReauthorize(deps: ReauthorizeDeps): Reauthorize {
  const { authenticate, routes, rules, projects, clock, overrunMs } = deps

  /** A token is verified when a request begins (RFC 6750 §3.1): its expiry alone does not end that request at once. */
  function isWithinOverrun(context: RequestContext): boolean {
    const [now, expiry] = [clock(), tokenExpiry(context)]
    return expiry <= now && now < expiry + overrunMs
  }

  /** Who is calling, by the credentials that the request began with. */
  const again = ({ head, route }: RequestContext) => authenticate({ head, route, isReauthorization: true })

  /** Who is calling, leaving out an expired token: a session beside it must still be alive. */
  async function withoutToken({ caller, head, route }: RequestContext): Promise<Caller | undefined> {
    if (caller?.via !== 'session') return caller
    const { [credentialsField(route)]: _expired, ...headers } = head.headers
    return authenticate({ head: { ...head, headers, rawHeaders: [] }, route })
  }

  /** @throws Refusal where the same request would now reach another route, or none */
  function routeOf({ head, host, target, route }: RequestContext): Route {
    const current = target && routes.match(host, target.path)
    if (current === undefined || current.name !== route?.name) throw new Refusal('no-route', 'the route is gone')
    if (isWebSocket(head) && !current.config.webSockets)
      throw new Refusal('app-denied', 'routes.webSockets was switched off')
    return current
  }

  return async (context, outlivesToken) => {
    const { admission } = context
    const route = routeOf(context)
    // A request without an identity had none when it began.
    if (admission?.principal === undefined) return
    const { request, project, role } = admission
    const caller = outlivesToken && isWithinOverrun(context) ? await withoutToken(context) : await again(context)
    const { stepUp: rule } = route
    // A response that has begun may take as long as it may after the end of its token; a WebSocket may not.
    const now = clock() - (outlivesToken ? overrunMs : 0)
    // Its tokens may have been refreshed since the request began.
    if (caller?.via === 'session' && caller.session?.key === context.caller?.session?.key) context.caller = caller
    const question = {
      access: accessOf(route, request),
      use: route.profile.use(request),
      principal: caller?.principal,
      // The project that it was admitted to, not the one that would be chosen now.
      named: project === undefined ? ({ kind: 'none' } as const) : ({ kind: 'named', id: project.id } as const),
      selected: undefined,
      stepUp: rule && caller && { rule, authentication: authenticationOf(caller), now },
    }
    const decision = decideNow(question, rules, projects)
    if (!decision.allow && decision.reason === 'step-up-required')
      throw stepUpRequired(decision.rule, decision.shortfall)
    if (!decision.allow) throw new Refusal(decision.reason, `re-authorization: ${decision.reason}`)
    // The application was told the previous role.
    if (isWeaker(decision.role, role))
      throw new Refusal(role === 'admin' ? 'admin-only' : 'viewer-read-only', `re-authorization: ${decision.role} now`)
  }
}

/** When the access token of a request expires, if it is a JWT, ms; never, where there is none. It was verified when the request began. */
function tokenExpiry({ head, route }: RequestContext): number {
  const [, token] = /^(?:bearer|dpop) +(\S+)$/i.exec(head.headers[credentialsField(route)] ?? '') ?? []
  if (token === undefined || !isCompactJws(token)) return Number.POSITIVE_INFINITY
  return Number(parseCompactJwt(token).claims.exp) * 1000
}
