import { type Claims, textClaim } from '../../shared/tokens/claims.ts'
import type { Authentication } from '../policy/step-up.ts'

/**
 * How the user authenticated, from the claims `acr` and `auth_time` of a verified token (OIDC Core §2, RFC 9068 §2.2.1). A
 * time that lies in the future by less than the clocks may differ counts as now; any other one is not a time of an
 * authentication, and absent.
 * @param now Milliseconds since the epoch
 */
export function authenticationClaims(claims: Claims, now: number, clockSkewSeconds: number): Authentication {
  const acr = textClaim(claims.acr)
  const { auth_time: at } = claims
  const isTime = typeof at === 'number' && at * 1000 <= now + clockSkewSeconds * 1000
  return { ...(acr !== undefined && { acr }), ...(isTime && { authenticatedAt: Math.min(at * 1000, now) }) }
}
