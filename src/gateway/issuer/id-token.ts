import { createHash } from 'node:crypto'
import { errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult } from 'jose'
import { checkTokenTimes } from '../../shared/tokens/access-token-rules.ts'
import { parseCompactJwt } from '../../shared/tokens/compact-jwt.ts'
import { TokenRejected } from '../../shared/tokens/token-rejected.ts'
import { tokenType } from '../../shared/tokens/token-type.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import { type IssuerKeys, isKeyOutage } from './keys/issuer-keys.ts'
import { verifyByKeys } from './keys/verify-by-keys.ts'

export interface IdTokenExpectations {
  readonly issuer: Config['issuer']
  readonly keys: IssuerKeys
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Bound to the ID token by `at_hash`, where the claim is present (OIDC Core §3.1.3.6). */
  readonly accessToken: string
  /** Bound to the ID token by `c_hash`, where the claim is present (OIDC Core §3.3.2.11). Absent at a refresh. */
  readonly code?: string | undefined
}

export type IdTokenClaims = JWTPayload & { readonly iss: string; readonly sub: string }

/**
 * Verifies an ID token (OIDC Core §3.1.3.7). The signature is always verified, although the token comes straight from the
 * token endpoint. openid-client has checked the nonce and `auth_time`.
 * @throws Refusal login-failed; the errors of jose or fetch when the keys could not be loaded
 */
export async function checkIdToken(idToken: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const { issuer, now } = expected
  const { payload: claims, protectedHeader } = await verified(idToken, expected.keys, {
    algorithms: [...issuer.algorithms],
    issuer: issuer.url,
    audience: issuer.clientId,
    clockTolerance: issuer.clockSkewSeconds,
    currentDate: new Date(now),
    requiredClaims: ['sub', 'iat', 'exp'],
  })
  checkType(protectedHeader.typ, claims)
  if (typeof claims.sub !== 'string' || claims.iss === undefined) throw unusable('sub: expected a string')
  checkTimes(claims, issuer.maxAgeSeconds !== undefined, now / 1000 + issuer.clockSkewSeconds)
  checkAudience(claims, issuer)
  checkHash('at_hash', claims, protectedHeader.alg, expected.accessToken)
  if (expected.code !== undefined) checkHash('c_hash', claims, protectedHeader.alg, expected.code)
  return { ...claims, iss: claims.iss, sub: claims.sub }
}

/** Without the cause: the library's errors contain the whole payload. */
const unusable = (detail: string) => new Refusal('login-failed', `ID token: ${detail}`)

async function verified(idToken: string, keys: IssuerKeys, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    parseCompactJwt(idToken)
    return await verifyByKeys(idToken, keys, 'issuer', options)
  } catch (cause) {
    if (cause instanceof TokenRejected) throw unusable(cause.message)
    if (!(cause instanceof errors.JOSEError) || isKeyOutage(cause)) throw cause
    throw unusable(cause.message)
  }
}

/** Kinds of tokens that Keycloak names in the claim `typ`, in lower case. An ID token is `ID`. */
const OTHER_KINDS: ReadonlySet<string> = new Set(['bearer', 'dpop', 'refresh', 'offline', 'logout', 'at+jwt'])

/** A logout token, an access token or a security event of the same issuer is no ID token (RFC 8725 §3.11). */
function checkType(typ: unknown, { events, typ: inClaims }: JWTPayload): void {
  const type = tokenType(typ)
  if (type !== undefined && type !== 'jwt')
    throw unusable('typ header: expected JWT or none, got another kind of token')
  if (events !== undefined) throw unusable('events: a claim of another kind of token')
  // Keycloak names the kind in a claim.
  if (typeof inClaims === 'string' && OTHER_KINDS.has(inClaims.toLowerCase()))
    throw unusable('typ claim: another kind of token')
}

/** @param latest Seconds since the epoch. openid-client has checked that `auth_time` is not too old. */
function checkTimes(claims: JWTPayload, asksForAge: boolean, latest: number): void {
  try {
    checkTokenTimes(claims, latest)
  } catch (error) {
    throw error instanceof TokenRejected ? unusable(error.message) : error
  }
  if (asksForAge && Number(claims.auth_time ?? 0) > latest) throw unusable('auth_time: lies in the future')
}

/** Further audiences only where the configuration trusts them; `azp`, where present, is us (OIDC Core §3.1.3.7 (3)-(5)). */
function checkAudience(claims: JWTPayload, issuer: Config['issuer']): void {
  const trusted = new Set([issuer.clientId, ...(issuer.audiences ?? [])])
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  const foreign = audiences.find((audience) => audience === undefined || !trusted.has(audience))
  if (foreign !== undefined) throw unusable('aud: names an audience that issuer.audiences does not list')
  if (audiences.length > 1 && claims.azp === undefined) throw unusable('azp: missing next to several audiences')
  if (claims.azp !== undefined && claims.azp !== issuer.clientId) throw unusable('azp: is not our client ID')
}

/** @param alg Signature algorithm of the ID token, which names the hash. @param value What the claim is a hash of. */
function checkHash(name: 'at_hash' | 'c_hash', claims: JWTPayload, alg: string, value: string): void {
  if (claims[name] === undefined) return
  const bits = alg === 'EdDSA' ? '512' : alg.slice(-3)
  const hash = createHash(`sha${bits}`).update(value).digest()
  const half = hash.subarray(0, hash.length / 2).toString('base64url')
  if (claims[name] !== half) throw unusable(`${name}: is the hash of something else`)
}
