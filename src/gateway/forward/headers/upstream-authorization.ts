import type { Caller } from '../../tokens/caller.ts'
import { accessTokenOf } from '../../tokens/callers-token.ts'

/** What the gateway itself writes as `Authorization`. @throws Refusal issuer-down, login-required */
export function authorizationFor(
  caller: Caller | undefined,
  wanted: 'none' | 'access-token' | 'assertion',
  assertion: string | undefined,
  now: number,
): string | undefined {
  if (wanted === 'assertion' && assertion !== undefined) return `Bearer ${assertion}`
  if (wanted !== 'access-token') return undefined
  const held = accessTokenOf(caller, now)
  return held && `Bearer ${held.token}`
}
