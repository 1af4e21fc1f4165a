import { genericProfile } from '../../../../src/gateway/apps/generic/profile.ts'
import type { AppProfile } from '../../../../src/gateway/apps/profile.ts'
import type { RequestHead } from '../../../../src/gateway/http/request-head.ts'
import { parseTarget } from '../../../../src/gateway/http/target.ts'
import { type BelowRoute, readBelowRoute } from '../../../../src/gateway/routing/below-route.ts'
import { openContext, type RequestContext } from '../../../../src/gateway/routing/request-context.ts'
import type { Route } from '../../../../src/gateway/routing/routes.ts'

export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-22222222222a'

export const routeOf = (profile: Partial<AppProfile> = {}, more: Partial<Route> = {}): Route =>
  ({
    ...{ name: 'app', prefix: '/app', narrower: [], stepUp: undefined, methods: new Set(['GET']) },
    profile: {
      ...genericProfile,
      ...{ stripPrefix: true, projectInPath: true, projectHeaders: ['x-mlflow-workspace'] },
      ...profile,
    },
    config: { path: '/app', upstream: 'http://127.0.0.1:1' },
    ...more,
  }) as unknown as Route

export const headOf = (rawHeaders: readonly string[] = [], method = 'GET'): RequestHead =>
  ({ method, rawHeaders, headers: {}, requestId: 'r1' }) as unknown as RequestHead

/** A request as the gateway reads it below its route. */
export const read = (url: string, headers: readonly string[] = [], route = routeOf()): BelowRoute =>
  readBelowRoute(headOf(headers), parseTarget(url), route)

export const contextOf = (url: string, over: Partial<RequestContext> = {}, head = headOf()): RequestContext => ({
  ...openContext(head),
  target: parseTarget(url),
  route: routeOf(),
  ...over,
})
