import { Refusal } from '../../errors.ts'
import type { Caller } from '../../tokens/caller.ts'

/**
 * A session may outlive its access token while the issuer is away. An upstream that verifies the token would
 * take that for bad credentials: it is not asked, and the client learns of the outage.
 * @throws Refusal issuer-down; login-required where nothing can renew the token; app-denied for a token that is bound to
 * a key, which the upstream could not use
 */
export function authorizationFor(
  caller: Caller | undefined,
  wanted: 'none' | 'access-token' | 'assertion',
  assertion: string | undefined,
  now: number,
): string | undefined {
  if (wanted === 'assertion' && assertion !== undefined) return `Bearer ${assertion}`
  if (wanted !== 'access-token') return undefined
  const held = caller?.session?.tokens
  if (held !== undefined && held.accessExpiresAt <= now) {
    if (held.refreshToken === undefined)
      throw new Refusal('login-required', 'the access token expired and the issuer gave no refresh token')
    throw new Refusal('issuer-down', 'the access token expired and was not refreshed')
  }
  if (held === undefined && caller?.isBound) throw boundToken()
  const token = held?.accessToken ?? caller?.token
  return token === undefined ? undefined : `Bearer ${token}`
}

const boundToken = () =>
  new Refusal('app-denied', 'the upstream takes the access token of the caller, which is bound to a key', {
    explain:
      'The application needs your access token itself, and a token that is bound to a key cannot be forwarded. Send a bearer token.',
  })
