import type { JWTPayload } from 'jose'
import type { Clock } from '../../../shared/clock.ts'
import type { Claims } from '../../issuer/claims.ts'
import { verifyByKeys } from '../../issuer/keys/verify-by-keys.ts'
import { tokenType } from '../../issuer/token-type.ts'
import type { Principal } from '../../policy/types.ts'
import { parseCompactJwt } from '../compact-jwt.ts'
import { claimRefusal } from './claim-refusal.ts'
import { invalidToken } from './token-refusals.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

/** The principal of a token, and until when it may be used without verification, in milliseconds since the epoch. */
export interface VerifiedToken {
  readonly principal: Principal
  readonly until: number
}

export interface AccessTokenDeps {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>
  readonly clockSkewSeconds: number
  readonly clock: Clock
}

/** A token is verified again after this time, in milliseconds: tokens of a withdrawn key end within it. */
const RECHECK_MS = 60_000
/** Year 9999. No issuer means a later time. */
const LAST_SECOND = 253_402_300_799

/** Verifies an access token that is a JWT (RFC 9068 §4, RFC 8725). @throws Refusal, or the errors of jose */
export type VerifyAccessToken = (token: string) => Promise<VerifiedToken>

export function buildVerifyAccessToken({ issuers, clockSkewSeconds, clock }: AccessTokenDeps): VerifyAccessToken {
  return async (token) => {
    const { header, claims } = parseCompactJwt(token)
    // The unverified `iss` only selects the issuer whose keys must have signed the token.
    const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined
    if (issuer === undefined) throw invalidToken('iss: not a trusted issuer')
    checkType(header, claims, issuer.types)
    const verification = verifyByKeys(token, await issuer.keys(), 'client', {
      algorithms: [...issuer.algorithms],
      issuer: issuer.url,
      audience: [...issuer.audiences],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'exp'],
    })
    const { payload } = await verification.catch((error: unknown) => {
      throw claimRefusal(error, issuer) ?? error
    })
    checkTimes(payload, clock() / 1000 + clockSkewSeconds)
    return { principal: issuer.principal(payload), until: Math.min((payload.exp ?? 0) * 1000, clock() + RECHECK_MS) }
  }
}

/** ID tokens, refresh tokens and logout tokens are no access tokens, although the issuer signed them (RFC 8725 §3.11). */
function checkType(header: Claims, claims: Claims, types: readonly string[]): void {
  const inHeader = tokenType(header.typ)
  const headerFits = types.some((type) => type.toLowerCase() === inHeader)
  const claimFits = typeof claims.typ === 'string' && types.includes(claims.typ)
  if (!headerFits && inHeader !== undefined && inHeader !== 'jwt')
    throw invalidToken('typ header: another kind of token')
  if (!claimFits && claims.typ !== undefined) throw invalidToken('typ claim: another kind of token')
  if (types.length > 0 && !headerFits && !claimFits) throw invalidToken('typ: not marked as an access token')
  const foreign = ['nonce', 'at_hash', 'c_hash', 'events'].find((name) => claims[name] !== undefined)
  if (foreign !== undefined) throw invalidToken(`${foreign}: a claim of another kind of token`)
}

/** jose checks `exp` and `nbf`. A token from the future, or one that never expires, is a mistake. @param latest Seconds. */
function checkTimes({ exp = 0, iat = 0 }: JWTPayload, latest: number): void {
  if (iat > latest) throw invalidToken('iat: lies in the future')
  if (exp > LAST_SECOND || exp < 0) throw invalidToken('exp: expected seconds since the epoch')
}
