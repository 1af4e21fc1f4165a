import type { Reason } from '../errors.ts'

/** What becomes of requests that last, for whoever counts it. No member may throw. */
export interface ConnectionEvents {
  /** A request was authorized again, or is not any more. */
  reauthorized(isAllowed: boolean): void
  /** A request or a WebSocket was ended from our side. */
  cut(cause: Reason | 'session-ended' | 'draining'): void
}
