import { createHash } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions } from 'jose'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import { type IssuerKeys, isKeyOutage } from './issuer-keys.ts'
import { verifyByAnyKey } from './verify-by-keys.ts'

export interface IdTokenExpectations {
  readonly issuer: Config['issuer']
  readonly keys: IssuerKeys
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Bound to the ID token by `at_hash` when that is there (OIDC Core §3.1.3.6). */
  readonly accessToken: string
}

export type IdTokenClaims = JWTPayload & { readonly iss: string; readonly sub: string }

/**
 * Verifies an ID token: signature always, also when it came straight from the token endpoint, then OIDC Core §3.1.3.7.
 * The nonce and `auth_time` are openid-client's business.
 * @throws Refusal login-failed
 */
export async function checkIdToken(idToken: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const { issuer, now } = expected
  const claims = await verified(idToken, expected.keys, {
    algorithms: [...issuer.algorithms],
    issuer: issuer.url,
    audience: issuer.clientId,
    clockTolerance: issuer.clockSkewSeconds,
    currentDate: new Date(now),
    requiredClaims: ['sub', 'iat', 'exp'],
  })
  if (typeof claims.sub !== 'string' || claims.iss === undefined) throw unusable('sub: expected a string')
  if ((claims.iat ?? 0) > now / 1000 + issuer.clockSkewSeconds) throw unusable('iat lies in the future')
  checkAudience(claims, issuer)
  checkAccessTokenHash(claims, idToken, expected.accessToken)
  return { ...claims, iss: claims.iss, sub: claims.sub }
}

/** Without the cause: the library's errors hold the whole payload. */
const unusable = (detail: string) => new Refusal('login-failed', `ID token: ${detail}`)

async function verified(idToken: string, keys: IssuerKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return await verifiedWithNewKeys(idToken, keys, options)
  } catch (cause) {
    if (!(cause instanceof errors.JOSEError) || isKeyOutage(cause)) throw cause
    throw unusable(cause.message)
  }
}

/** An unknown key id loads the keys at once: a key may sign the moment it is published. */
async function verifiedWithNewKeys(idToken: string, keys: IssuerKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return await verifyByAnyKey(idToken, keys.find, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    await keys.reload()
    return await verifyByAnyKey(idToken, keys.find, options)
  }
}

/** Further audiences only where the configuration trusts them; `azp`, when there, is us (OIDC Core §3.1.3.7 (3)-(5)). */
function checkAudience(claims: JWTPayload, issuer: Config['issuer']): void {
  const trusted = new Set([issuer.clientId, ...(issuer.audiences ?? [])])
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  const foreign = audiences.find((audience) => audience === undefined || !trusted.has(audience))
  if (foreign !== undefined) throw unusable('aud: names an audience that issuer.audiences does not list')
  if (audiences.length > 1 && claims.azp === undefined) throw unusable('azp: missing next to several audiences')
  if (claims.azp !== undefined && claims.azp !== issuer.clientId) throw unusable('azp: is not our client id')
}

function checkAccessTokenHash(claims: JWTPayload, idToken: string, accessToken: string): void {
  if (claims.at_hash === undefined) return
  const { alg = '' } = decodeProtectedHeader(idToken)
  const bits = alg === 'EdDSA' ? '512' : alg.slice(-3)
  const hash = createHash(`sha${bits}`).update(accessToken).digest()
  const half = hash.subarray(0, hash.length / 2).toString('base64url')
  if (claims.at_hash !== half) throw unusable('at_hash does not belong to the access token')
}
