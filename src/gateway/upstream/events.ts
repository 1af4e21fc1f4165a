import type { UpstreamErrorKind } from './errors.ts'

/** What happens on the connections to one upstream, for whoever counts it. No member may throw. */
export interface UpstreamEvents {
  /** A connection can carry requests. @param seconds Since it was begun */
  connected(seconds: number): void
  /** The head of a response has arrived. @param seconds Since the request was sent */
  responded(seconds: number): void
  /** A request has failed. */
  failed(kind: UpstreamErrorKind): void
}
