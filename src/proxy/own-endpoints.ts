import type { AppRequest } from '../apps/profile.ts'
import type { Exchange } from './exchange.ts'

/** What the gateway answers by itself. Each returns true when it has answered. */
export interface OwnEndpoints {
  /** `/healthz` and `/readyz`: any host, no session, nothing of users. */
  health(exchange: Exchange): boolean | Promise<boolean>
  /** `/auth/*`, and `/` where no route claims it. */
  serve(exchange: Exchange): boolean | Promise<boolean>
  /** An application's own login or logout path: ours in disguise. */
  disguised(exchange: Exchange, request: AppRequest): boolean | Promise<boolean>
}
