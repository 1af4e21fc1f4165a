/** Who or what ended a session: people, the issuer, an administrator, the next sign-in of the browser, a refused refresh. */
export type EndCause = 'user' | 'everywhere' | 'back-channel' | 'front-channel' | 'admin' | 'sign-in' | 'grant'

/** What happens to sessions in this process, for whoever counts it. No member may throw. */
export interface SessionEvents {
  /** A session was stored. */
  created(): void
  /** @param sessions How many one act has ended; may be 0 */
  ended(cause: EndCause, sessions: number): void
  /** A refresh at the issuer has ended. `rejected`: the grant has ended; `unavailable`: nobody knows. */
  refreshed(result: 'success' | 'rejected' | 'unavailable', seconds: number): void
  /** A request's cookie was looked up in memory. */
  lookedUp(hit: boolean): void
}
