import { boundedCache } from '../../../shared/bounded-cache.ts'
import type { Principal } from '../../policy/types.ts'
import type { Session, Tokens } from '../session.ts'

/** What a refresh at the issuer yields. */
export interface Refreshed {
  readonly tokens: Tokens
  readonly principal: Principal
  /** Whether the new ID token says another `acr` than the session has. */
  readonly losesAcr?: boolean
}

/** An attempt that failed at the network or the store; the grant itself may be valid. */
export interface RefreshFailure {
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly retryAt: number
  readonly error: unknown
}

const REMEMBERED = 10_000

/** Running and failed refreshes. Kept across a change of configuration: a rotated refresh token works only once. */
export class RefreshMemory {
  /** By session key. */
  readonly running = new Map<string, Promise<Session | undefined>>()
  /** By access token: a new token has no failures. */
  readonly failures = boundedCache<RefreshFailure>(REMEMBERED)
  /** By access token: what the issuer sent and the store did not accept. */
  readonly unsaved = boundedCache<Refreshed>(REMEMBERED)
}
