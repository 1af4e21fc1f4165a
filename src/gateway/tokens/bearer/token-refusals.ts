import { errors as jose } from 'jose'
import { Refusal } from '../../errors.ts'
import { isKeyOutage } from '../../issuer/keys/issuer-keys.ts'

/**
 * The refusal of a bearer token (RFC 6750 §3.1).
 * @param detail for the log; contains no token
 * @param explain for the client, without quotes; absent: the hint of the reason
 */
export function invalidToken(detail: string, explain?: string): Refusal {
  return new Refusal('token-invalid', detail, {
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    ...(explain !== undefined && { explain }),
  })
}

/**
 * The refusal for a failed verification: `token-invalid` when the token is bad, else `issuer-down`, after which a client
 * may try again. The errors of the libraries contain whole tokens, so that only their codes are kept.
 */
export function tokenRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error.reason === 'login-failed' ? invalidToken(error.message) : error
  if (error instanceof jose.JOSEError && !isKeyOutage(error)) return invalidToken(error.code)
  return new Refusal('issuer-down', `keys not loaded: ${error instanceof Error ? error.name : 'no error'}`)
}
