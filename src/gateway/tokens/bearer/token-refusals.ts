import { errors as jose } from 'jose'
import { Refusal } from '../errors.ts'
import { isKeyOutage } from '../issuer/issuer-keys.ts'

/** A bearer token that is not accepted (RFC 6750 §3.1). @param detail for the log; holds nothing of the token. */
export const invalidToken = (detail: string): Refusal =>
  new Refusal('token-invalid', detail, { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })

/**
 * What went wrong while a token was judged. The libraries' errors hold whole tokens: only their codes go on.
 * Everything that is no verdict about the token is an outage; a client may try again.
 */
export function bearerRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error.reason === 'login-failed' ? invalidToken(error.message) : error
  if (error instanceof jose.JOSEError && !isKeyOutage(error)) return invalidToken(error.code)
  const detail = error instanceof Error ? `keys not loaded: ${error.name}` : 'keys not loaded'
  return new Refusal('issuer-down', detail, { headers: { 'Retry-After': '5' } })
}
