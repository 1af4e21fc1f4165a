import type { Clock } from '../../../shared/clock.ts'
import { checkAccessTokenType, checkTokenTimes, REQUIRED_CLAIMS } from '../../../shared/tokens/access-token-rules.ts'
import { parseCompactJwt } from '../../../shared/tokens/compact-jwt.ts'
import { type Confirmation, confirmationOf } from '../../../shared/tokens/confirmation.ts'
import { TokenRejected } from '../../../shared/tokens/token-rejected.ts'
import { verifyByKeys } from '../../issuer/keys/verify-by-keys.ts'
import type { Principal } from '../../policy/types.ts'
import { claimRefusal } from './claim-refusal.ts'
import { forRoutes } from './route-audience.ts'
import { invalidToken } from './token-refusals.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

/** The principal of a token, and until when it may be used without verification, in milliseconds since the epoch. */
export interface VerifiedToken {
  readonly principal: Principal
  readonly until: number
  /** The key that the token is bound to: it counts only with a proof of that key. */
  readonly confirmation: Confirmation | undefined
  /** The audiences of a token that is for some routes only; undefined: it is for the gateway. */
  readonly forRoutes?: readonly string[] | undefined
}

export interface AccessTokenDeps {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>
  readonly clockSkewSeconds: number
  readonly clock: Clock
}

/** A token is verified again after this time, in milliseconds: tokens of a withdrawn key end within it. */
const RECHECK_MS = 60_000

/** Verifies an access token that is a JWT (RFC 9068 §4, RFC 8725). @throws Refusal, or the errors of jose */
export type VerifyAccessToken = (token: string) => Promise<VerifiedToken>

export function buildVerifyAccessToken({ issuers, clockSkewSeconds, clock }: AccessTokenDeps): VerifyAccessToken {
  async function verify(token: string): Promise<VerifiedToken> {
    const { header, claims } = parseCompactJwt(token)
    // The unverified `iss` only selects the issuer whose keys must have signed the token.
    const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined
    if (issuer === undefined) throw invalidToken('iss: not a trusted issuer')
    checkAccessTokenType(header, claims, issuer.types)
    const verification = verifyByKeys(token, await issuer.keys(), 'client', {
      algorithms: [...issuer.algorithms],
      issuer: issuer.url,
      audience: [...issuer.audiences, ...(issuer.routeAudiences ?? [])],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock()),
      requiredClaims: REQUIRED_CLAIMS,
    })
    const { payload } = await verification.catch((error: unknown) => {
      throw claimRefusal(error, issuer) ?? error
    })
    checkTokenTimes(payload, clock() / 1000 + clockSkewSeconds)
    return {
      principal: issuer.principal(payload),
      until: Math.min((payload.exp ?? 0) * 1000, clock() + RECHECK_MS),
      confirmation: confirmationOf(payload),
      forRoutes: forRoutes(payload.aud, issuer.audiences),
    }
  }

  return (token) =>
    verify(token).catch((error: unknown) => {
      throw error instanceof TokenRejected ? invalidToken(error.message) : error
    })
}
