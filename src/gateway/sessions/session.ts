import type { Principal } from '../policy/types.ts'

/** The tokens of a session. They stay on the server: no response, cookie or log contains them (RFC 10017 §6.1). */
export interface Tokens {
  readonly accessToken: string
  /** Milliseconds since the epoch. */
  readonly accessExpiresAt: number
  readonly refreshToken?: string
  /** Kept for `id_token_hint` at sign-out. */
  readonly idToken: string
}

/** The session of a browser, as the stores keep it (sealed). Times are milliseconds since the epoch. */
export interface Session {
  /** Keyed hash of the cookie's id: the key of the record in the store. The id itself is stored nowhere. */
  readonly key: string
  readonly principal: Principal
  /** The `sid` claim of the ID token, where the issuer sends one. */
  readonly sid?: string
  readonly tokens: Tokens
  readonly createdAt: number
  /** When the user last authenticated at the issuer, as its `auth_time` claim says. Absent: the issuer did not say. */
  readonly authenticatedAt?: number
  /** The `acr` claim of that sign-in. A refresh may take it away and never gives one. */
  readonly acr?: string
  readonly lastSeenAt: number
  /** The project that the user selected on a page of the gateway. */
  readonly selectedProject?: string
  /** The browser's `User-Agent`, cut to 200 characters, for session administration. */
  readonly userAgent?: string
  /** The address that the user signed in from, for session administration. */
  readonly clientAddress?: string
}
