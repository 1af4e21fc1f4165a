import type { Reason } from '../errors.ts'

/** What becomes of tokens and credentials, for whoever counts it. No member may throw. */
export interface TokenEvents {
  /** A bearer token that was not remembered has been verified. */
  verified(result: 'success' | Reason): void
  /** A token or Basic credentials were looked up in memory. */
  lookedUp(cache: 'bearer' | 'basic', hit: boolean): void
}
