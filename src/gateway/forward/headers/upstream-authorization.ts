import { Refusal } from '../../errors.ts'
import type { Exchange } from '../../routing/request-context.ts'

/**
 * A session may outlive its access token while the issuer is away. An upstream that judges the token would take that
 * for bad credentials: it is told nothing, and the client that it is an outage.
 * @throws Refusal issuer-down; login-required where nothing can renew the token
 */
export function authorizationFor(
  { caller }: Exchange,
  wanted: 'none' | 'access-token' | 'assertion',
  assertion: string | undefined,
  now: number,
): string | undefined {
  if (wanted === 'assertion' && assertion !== undefined) return `Bearer ${assertion}`
  if (wanted !== 'access-token') return undefined
  const held = caller?.session?.tokens
  if (held !== undefined && held.accessExpiresAt <= now) {
    if (held.refreshToken === undefined)
      throw new Refusal('login-required', 'the access token is over and the issuer gave nothing to renew it')
    throw new Refusal('issuer-down', 'the access token is over and not renewed', { headers: { 'Retry-After': '5' } })
  }
  const token = held?.accessToken ?? caller?.token
  return token === undefined ? undefined : `Bearer ${token}`
}
