import {
  decodeProtectedHeader,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose'
import type { IssuerKeys, TokenSource } from './issuer-keys.ts'

/**
 * Verifies a JWT by the keys of its issuer. A token that none of them fits may have been signed after a rotation: the
 * keys are loaded once more, at most once per cool-down of the token's source, before it is refused.
 * @throws the errors of jose; JWKSNoMatchingKey for a token whose key is not known, with or without a key ID
 */
export async function verifyByKeys(
  token: string,
  keys: IssuerKeys,
  source: TokenSource,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await verifyOnce(token, keys.find, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    await keys.reloadFor(source)
    return await verifyOnce(token, keys.find, options)
  }
}

async function verifyOnce(token: string, find: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, find, options)
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyByAny(error, token, options)
    throw withoutKeyId(error, token)
  }
}

/** Tries every key that fits the token's algorithm. One that cannot be used, as an RSA key below 2048 bits, is passed over. */
async function verifyByAny(
  candidates: errors.JWKSMultipleMatchingKeys,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  for await (const key of candidates) {
    try {
      return await jwtVerify(token, key, options)
    } catch (error) {
      const isAboutToken = error instanceof errors.JOSEError
      if (isAboutToken && !(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw withoutKeyId(new errors.JWSSignatureVerificationFailed(), token)
}

/** Without a key ID (RFC 7515 §4.1.4), a wrong signature and an unknown key look the same. */
function withoutKeyId(error: unknown, token: string): unknown {
  const isUnknownKey =
    error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined
  return isUnknownKey ? new errors.JWKSNoMatchingKey() : error
}
