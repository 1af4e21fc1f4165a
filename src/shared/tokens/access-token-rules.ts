import type { Claims } from './claims.ts'
import { isDpopBound } from './confirmation.ts'
import { TokenRejected } from './token-rejected.ts'
import { tokenType } from './token-type.ts'

/** Year 9999. No issuer means a later time. */
const LAST_SECOND = 253_402_300_799

/** Claims that an access token must have (RFC 9068 §2.2). */
export const REQUIRED_CLAIMS = ['sub', 'exp']

/** Claims of ID tokens, logout tokens and security events, of DPoP proofs, and of authorization requests that are JWTs. */
const FOREIGN_CLAIMS = [
  ...['nonce', 'at_hash', 'c_hash', 's_hash', 'events'],
  ...['htm', 'htu', 'ath', 'response_type', 'redirect_uri', 'code_challenge'],
]

/**
 * ID tokens, refresh tokens and logout tokens are no access tokens, although the issuer signed them (RFC 8725 §3.11).
 * @param types accepted values of the `typ` header or claim; empty: access tokens of the issuer have no mark
 * @throws TokenRejected
 */
export function checkAccessTokenType(header: Claims, claims: Claims, types: readonly string[]): void {
  const inHeader = tokenType(header.typ)
  const headerFits = types.some((type) => tokenType(type) === inHeader)
  const claimFits = typeof claims.typ === 'string' && (types.includes(claims.typ) || isKeycloaksDpop(claims, types))
  if (!headerFits && inHeader !== undefined && inHeader !== 'jwt')
    throw new TokenRejected('typ header: another kind of token')
  if (!claimFits && claims.typ !== undefined) throw new TokenRejected('typ claim: another kind of token')
  if (types.length > 0 && !headerFits && !claimFits) throw new TokenRejected('typ: not marked as an access token')
  const foreign = FOREIGN_CLAIMS.find((name) => claims[name] !== undefined)
  if (foreign !== undefined) throw new TokenRejected(`${foreign}: a claim of another kind of token`)
}

/** Keycloak writes `DPoP` in place of `Bearer` into an access token that is bound to a key. */
export const isKeycloaksDpop = (claims: Claims, types: readonly string[]): boolean =>
  claims.typ === 'DPoP' && types.includes('Bearer') && isDpopBound(claims)

/**
 * `exp` and `nbf` are checked with the signature. A token from the future, or one that never expires, is a mistake.
 * @param latest seconds since the epoch
 * @throws TokenRejected
 */
export function checkTokenTimes({ exp = 0, iat = 0 }: { exp?: number; iat?: number }, latest: number): void {
  if (iat > latest) throw new TokenRejected('iat: lies in the future')
  if (exp > LAST_SECOND || exp < 0) throw new TokenRejected('exp: expected seconds since the epoch')
}
