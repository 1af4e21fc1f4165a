import { Refusal } from '../errors.ts'
import type { Caller } from './caller.ts'

/** An access token that speaks for a caller, and until when it may be used, in milliseconds since the epoch. */
export interface CallersToken {
  readonly token: string
  /** Undefined: a bearer token, which was verified for this request. */
  readonly expiresAt: number | undefined
}

/**
 * The access token of a caller: of the session, else the bearer token itself.
 * A session may outlive its access token while the issuer is away. An upstream that verifies the token would
 * take that for bad credentials: it is not asked, and the client learns of the outage.
 * @throws Refusal issuer-down; login-required where nothing can renew the token
 */
export function accessTokenOf(caller: Caller | undefined, now: number): CallersToken | undefined {
  const held = caller?.session?.tokens
  if (held === undefined) return caller?.token === undefined ? undefined : { token: caller.token, expiresAt: undefined }
  if (held.accessExpiresAt > now) return { token: held.accessToken, expiresAt: held.accessExpiresAt }
  if (held.refreshToken === undefined)
    throw new Refusal('login-required', 'the access token expired and the issuer gave no refresh token')
  throw new Refusal('issuer-down', 'the access token expired and was not refreshed')
}
