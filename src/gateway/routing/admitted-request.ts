import type { Admission } from '../apps/profile.ts'
import type { BelowRoute } from './below-route.ts'
import type { RequestContext } from './request-context.ts'
import type { Route } from './routes.ts'

/** A request that was authorized and may be forwarded. */
export interface AdmittedRequest {
  readonly context: RequestContext
  readonly route: Route
  readonly below: BelowRoute
  readonly admission: Admission
}
