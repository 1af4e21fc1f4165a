import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../shared/clock.ts'
import { Refusal } from '../errors.ts'
import { isWebSocket } from '../http/websocket.ts'
import { isWeaker } from '../policy/roles.ts'
import type { AccessRules } from '../policy/types.ts'
import { decideNow } from '../projects/decide-now.ts'
import type { ProjectSource } from '../projects/source.ts'
import type { Exchange } from '../routing/request-context.ts'
import { accessOf, type Route, type RouteTable } from '../routing/routes.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import type { Caller } from '../tokens/caller.ts'
import { isCompactJws, parseCompactJwt } from '../tokens/compact-jwt.ts'

/**
 * Asks once more what was decided when an exchange began: may this caller still do this, in the same project?
 * @param outlivesToken Whether the exchange may go on for a while after the access token that admitted it expired.
 * @throws Refusal
 */
export type Reauthorize = (exchange: Exchange, outlivesToken: boolean) => Promise<void>

export interface ReauthorizeDeps {
  readonly authenticate: Authenticate
  /** The routes of today: a reload may have changed them since. */
  readonly routes: Pick<RouteTable, 'match'>
  readonly rules: AccessRules
  readonly projects: ProjectSource
  readonly clock: Clock
  /** How long after its token's expiry an exchange goes on that may, ms. */
  readonly overrunMs: number
}

export function buildReauthorize(deps: ReauthorizeDeps): Reauthorize {
  const { authenticate, routes, rules, projects, clock, overrunMs } = deps

  /** A token is judged when a request begins (RFC 6750 §3.1): its expiry alone does not end what it began at once. */
  function runsOver(exchange: Exchange): boolean {
    const [now, end] = [clock(), tokenEnd(exchange)]
    return end <= now && now < end + overrunMs
  }

  /** Who asks, but for a token whose time is over: a session beside it must still live. */
  async function withoutToken(exchange: Exchange): Promise<Caller | undefined> {
    const { caller, request } = exchange
    if (caller?.via !== 'session') return caller
    const { authorization: _over, ...headers } = request.headers
    return authenticate({ ...exchange, request: { headers, rawHeaders: [] } as unknown as IncomingMessage })
  }

  /** @throws Refusal where the same request would go elsewhere now, or nowhere */
  function routeOf({ request, host, target, route }: Exchange): Route {
    const present = target && routes.match(host, target.path)
    if (present === undefined || present.name !== route?.name) throw new Refusal('no-route', 'the route is gone')
    if (isWebSocket(request) && !present.config.webSockets)
      throw new Refusal('app-denied', 'routes.webSockets is off by now')
    return present
  }

  return async (exchange, outlivesToken) => {
    const { admitted } = exchange
    const route = routeOf(exchange)
    // What goes on as nobody's was nobody's when it began.
    if (admitted?.principal === undefined) return
    const { request, project, role } = admitted
    const caller = outlivesToken && runsOver(exchange) ? await withoutToken(exchange) : await authenticate(exchange)
    const question = {
      access: accessOf(route, request),
      use: route.profile.use(request),
      principal: caller?.principal,
      // The project it was admitted into, not the one that would be chosen today.
      named: project === undefined ? ({ kind: 'none' } as const) : ({ kind: 'named', id: project.id } as const),
      selected: undefined,
    }
    const decision = decideNow(question, rules, projects)
    if (!decision.allow) throw new Refusal(decision.reason, `decision when asked again: ${decision.reason}`)
    // The application was told the former role.
    if (isWeaker(decision.role, role))
      throw new Refusal(role === 'admin' ? 'admin-only' : 'viewer-read-only', `role when asked again: ${decision.role}`)
  }
}

/** When the bearer JWT of an exchange expires, ms; never, where there is none. It was verified when the exchange began. */
function tokenEnd({ request }: Exchange): number {
  const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined || !isCompactJws(token)) return Number.POSITIVE_INFINITY
  return Number(parseCompactJwt(token).claims.exp) * 1000
}
