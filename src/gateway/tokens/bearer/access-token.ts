import type { JWTPayload } from 'jose'
import type { Clock } from '../../shared/clock.ts'
import type { Claims } from '../issuer/claims.ts'
import { verifyByAnyKey } from '../issuer/verify-by-keys.ts'
import type { Principal } from '../policy/types.ts'
import { invalidToken } from './bearer-refusals.ts'
import { parseCompactJwt } from './compact-jwt.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** Whom a token speaks for, and how long it may be believed without another look, in milliseconds since the epoch. */
export interface VerifiedToken {
  readonly principal: Principal
  readonly until: number
}

export interface AccessTokenDeps {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>
  readonly clockSkewSeconds: number
  readonly clock: Clock
}

/** A token is verified anew after this time, in milliseconds: a withdrawn key ends what it signed. */
const RECHECK_MS = 60_000
/** Year 9999. Later times are no dates that anybody meant. */
const LAST_SECOND = 253_402_300_799

/** Verifies an access token that is a JWT (RFC 9068 §4, RFC 8725). @throws Refusal or the errors of jose */
export type VerifyAccessToken = (token: string) => Promise<VerifiedToken>

export function buildVerifyAccessToken({ issuers, clockSkewSeconds, clock }: AccessTokenDeps): VerifyAccessToken {
  return async (token) => {
    const { header, claims } = parseCompactJwt(token)
    // The unverified `iss` only chooses which keys must have signed; nothing it says is asked for anything.
    const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined
    if (issuer === undefined) throw invalidToken('iss: not a trusted issuer')
    checkKind(header, claims, issuer.types)
    const { find } = await issuer.keys()
    const payload = await verifyByAnyKey(token, find, {
      algorithms: [...issuer.algorithms],
      issuer: issuer.url,
      audience: [...issuer.audiences],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'exp'],
    })
    checkTimes(payload, clock() / 1000 + clockSkewSeconds)
    return { principal: issuer.principal(payload), until: Math.min((payload.exp ?? 0) * 1000, clock() + RECHECK_MS) }
  }
}

/** An ID token, a refresh token and a logout token are no access tokens, though the issuer signed them (RFC 8725 §3.11). */
function checkKind(header: Claims, claims: Claims, types: readonly string[]): void {
  const inHeader = typeof header.typ === 'string' ? header.typ.toLowerCase().replace(/^application\//, '') : undefined
  const headerFits = types.some((type) => type.toLowerCase() === inHeader)
  const claimFits = typeof claims.typ === 'string' && types.includes(claims.typ)
  if (!headerFits && inHeader !== undefined && inHeader !== 'jwt') throw invalidToken('typ header: of another kind')
  if (!claimFits && claims.typ !== undefined) throw invalidToken('typ claim: of another kind')
  if (types.length > 0 && !headerFits && !claimFits) throw invalidToken('typ: not marked as an access token')
  const foreign = ['nonce', 'at_hash', 'c_hash', 'events'].find((name) => claims[name] !== undefined)
  if (foreign !== undefined) throw invalidToken(`${foreign}: a claim of another kind of token`)
}

/** jose judges `exp` and `nbf`; a token from the future, or for ever, is nobody's intention. @param latest seconds */
function checkTimes({ exp = 0, iat = 0 }: JWTPayload, latest: number): void {
  if (iat > latest) throw invalidToken('iat: lies in the future')
  if (exp > LAST_SECOND || exp < 0) throw invalidToken('exp: expected seconds since the epoch')
}
