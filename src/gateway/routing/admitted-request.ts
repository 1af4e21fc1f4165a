import type { Admission } from '../apps/profile.ts'
import type { BelowRoute } from './below-route.ts'
import type { Exchange } from './request-context.ts'
import type { Route } from './routes.ts'

/** A request that was judged and may go on. */
export interface AdmittedRequest {
  readonly exchange: Exchange
  readonly route: Route
  readonly below: BelowRoute
  readonly admitted: Admission
}
