import * as client from 'openid-client'
import { Refusal } from '../errors.ts'
import { ClientCredentialError } from './client/client-file.ts'
import { isKeyOutage } from './keys/issuer-keys.ts'

/** Whether the issuer says that a grant has ended: the code or refresh token is used, expired or revoked (RFC 6749 §5.2). */
export const isGrantExpired = (error: unknown): boolean =>
  error instanceof client.ResponseBodyError && error.error === 'invalid_grant' && error.status < 500

/**
 * Turns a failed exchange with the issuer into a refusal: an outage is `issuer-down`, a response that cannot be used is
 * `login-failed`. The cause is left out: the errors of these libraries contain whole responses.
 * @throws Refusal always
 */
export function issuerRefusal(error: unknown): never {
  if (error instanceof Refusal) throw error
  if (isGrantExpired(error)) throw new Refusal('login-expired', 'the issuer no longer knows the code')
  const credential = credentialError(error)
  if (credential !== undefined) throw new Refusal('issuer-down', credential.message)
  if (isOutage(error)) throw new Refusal('issuer-down', describe(error))
  throw new Refusal('login-failed', describe(error))
}

/**
 * For requests whose failure proves nothing about what the caller presented: whatever went wrong, it is an outage.
 * @param what The request that failed, for the log.
 * @throws Refusal issuer-down, always
 */
export function issuerOutage(what: string, error: unknown): never {
  const detail = error instanceof Refusal ? error.message : describe(error)
  throw new Refusal('issuer-down', `${what}: ${detail}`)
}

/** The gateway could not prove who it is, so nothing was sent. openid-client wraps what it does not know. */
function credentialError(error: unknown): ClientCredentialError | undefined {
  if (error instanceof ClientCredentialError) return error
  return error instanceof Error ? credentialError(error.cause) : undefined
}

export function isOutage(error: unknown): boolean {
  if (error instanceof client.ResponseBodyError) return error.status >= 500
  if (isKeyOutage(error)) return true
  if (error instanceof client.ClientError) {
    if (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT') return true
    if (error.cause instanceof Response) return error.cause.status >= 500
  }
  return isNetworkError(error)
}

/** Also of a response that ended early, never or too late, which the libraries report as one that cannot be parsed. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof DOMException) return error.name === 'TimeoutError' || error.name === 'AbortError'
  // fetch rejects with a TypeError whose cause is the socket's error
  if (error instanceof TypeError && error.cause instanceof Error) return true
  return isNetworkError(error.cause)
}

/** An error code of OAuth as logs show it: whatever else the issuer wrote is left out (RFC 6749 §5.2). */
export const errorCode = (code: string): string => (/^[a-z_]{1,64}$/.test(code) ? code : 'an unknown code')

export function describe(error: unknown): string {
  const credential = credentialError(error)
  if (credential !== undefined) return credential.message
  if (error instanceof client.ResponseBodyError)
    return `response of the issuer: ${error.status} ${errorCode(error.error)}`
  if (!(error instanceof Error)) return 'unknown failure'
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message
}
