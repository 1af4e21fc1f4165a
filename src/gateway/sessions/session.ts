import type { Principal } from '../policy/types.ts'

/** Tokens of a session. They stay on the server; no response, cookie or log holds them (RFC 10017 §6.1). */
export interface Tokens {
  readonly accessToken: string
  /** Milliseconds since the epoch. */
  readonly accessExpiresAt: number
  readonly refreshToken?: string
  /** Kept for `id_token_hint` at logout. */
  readonly idToken: string
}

/** A browser's session, as the stores keep it (sealed). Times are milliseconds since the epoch. */
export interface Session {
  /** Keyed hash of the cookie's id; the store key. The id itself is kept nowhere. */
  readonly key: string
  readonly principal: Principal
  /** The issuer's session id claim, when there is one. */
  readonly sid?: string
  readonly tokens: Tokens
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The project selected by a POST from our own page. */
  readonly selectedProject?: string
  /** For session administration: the browser as it named itself, cut to 200 characters. */
  readonly userAgent?: string
}
