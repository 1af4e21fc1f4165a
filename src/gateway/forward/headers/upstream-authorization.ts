import { Refusal } from '../../errors.ts'
import type { Caller } from '../../tokens/caller.ts'
import { accessTokenOf } from '../../tokens/callers-token.ts'

/**
 * What the gateway itself writes as `Authorization`.
 * @throws Refusal issuer-down, login-required; app-denied for a token that is bound to a key, which the upstream could not use
 */
export function authorizationFor(
  caller: Caller | undefined,
  wanted: 'none' | 'access-token' | 'assertion',
  assertion: string | undefined,
  now: number,
): string | undefined {
  if (wanted === 'assertion' && assertion !== undefined) return `Bearer ${assertion}`
  if (wanted !== 'access-token') return undefined
  if (caller?.session === undefined && caller?.isBound) throw boundToken()
  const held = accessTokenOf(caller, now)
  return held && `Bearer ${held.token}`
}

const boundToken = () =>
  new Refusal('app-denied', 'the upstream takes the access token of the caller, which is bound to a key', {
    explain:
      'The application needs your access token itself, and a token that is bound to a key cannot be forwarded. Send a bearer token.',
  })
