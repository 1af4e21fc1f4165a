import type { Authentication } from '../policy/step-up.ts'
import type { Principal } from '../policy/types.ts'
import type { Session } from '../sessions/session.ts'

/** The authenticated caller of a request, and the credentials that proved who it is. */
export interface Caller {
  readonly principal: Principal
  readonly via: 'session' | 'bearer'
  /** Present when the caller has a session cookie. */
  readonly session?: Session
  /** The bearer token itself, for routes whose upstream takes the caller's own. */
  readonly token?: string
  /** The token is bound to a key: whoever receives it cannot use it, and must not get it. */
  readonly isBound?: true
}

/** How the caller authenticated. Where there are two credentials, the session counts, as it does for everything else. */
export const authenticationOf = ({ session, principal }: Caller): Authentication =>
  session ?? principal.authentication ?? {}
