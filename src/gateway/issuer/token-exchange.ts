import * as client from 'openid-client'
import type { TokenExchange } from '../config/schema/token-exchange.ts'
import { Refusal } from '../errors.ts'
import { describe, errorCode, isOutage } from './issuer-errors.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const GUIDE = 'see docs/guides/applications/upstream-tokens.md'

/** The token that an issuer gave in exchange. */
export interface ExchangedToken {
  readonly token: string
  /** Lifetime, in seconds; undefined: the response does not say. */
  readonly seconds: number | undefined
}

/**
 * Exchanges a caller's access token for one of another audience (RFC 8693 §2).
 * @throws Refusal exchange-refused: the issuer said no; exchange-invalid: its response cannot be used; issuer-down
 */
export type ExchangeToken = (subjectToken: string, wanted: TokenExchange) => Promise<ExchangedToken>

export function buildExchangeToken(configuration: () => Promise<client.Configuration>): ExchangeToken {
  return async (subjectToken, wanted) => {
    const gateway = await configuration()
    try {
      const response = await client.genericGrantRequest(gateway, GRANT, parameters(subjectToken, wanted))
      checkTypes(response)
      return { token: response.access_token, seconds: response.expires_in }
    } catch (error) {
      throw exchangeRefusal(error)
    }
  }
}

function parameters(subjectToken: string, { audience, resource, scopes }: TokenExchange): Record<string, string> {
  return {
    subject_token: subjectToken,
    subject_token_type: ACCESS_TOKEN,
    requested_token_type: ACCESS_TOKEN,
    ...(audience !== undefined && { audience }),
    ...(resource !== undefined && { resource }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  }
}

/** An access token that is sent as a bearer token, and nothing else (RFC 8693 §2.2.1). */
function checkTypes({ token_type, issued_token_type }: client.TokenEndpointResponse): void {
  if (token_type !== 'bearer') throw invalidExchange('token_type: expected Bearer, got another type')
  if (issued_token_type !== ACCESS_TOKEN) throw invalidExchange(`issued_token_type: expected ${ACCESS_TOKEN}`)
}

/** The refusal of a token that must not be sent to the upstream. @param detail for the log; contains no token */
export const invalidExchange = (detail: string): Refusal =>
  new Refusal('exchange-invalid', `token exchange: ${detail}; ${GUIDE}`)

/** The refusal of an exchange. @param detail for the log; contains no token */
export const refusedExchange = (detail: string): Refusal =>
  new Refusal('exchange-refused', `token exchange: ${detail}; ${GUIDE}`)

function exchangeRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (isTemporaryError(error)) return new Refusal('issuer-down', `token exchange: ${describe(error)}`)
  if (error instanceof client.ResponseBodyError) return refusedExchange(saidBy(error))
  if (error instanceof client.WWWAuthenticateChallengeError)
    return refusedExchange(`the issuer said ${error.status}. ${ADVICE.invalid_client}`)
  return invalidExchange(describe(error))
}

function isTemporaryError(error: unknown): boolean {
  if (isOutage(error)) return true
  if (error instanceof client.ResponseBodyError)
    return error.status === 429 || error.error === 'temporarily_unavailable' || error.error === 'server_error'
  return error instanceof client.ClientError && error.cause instanceof Response && error.cause.status === 429
}

/** What to configure, by the error code of the issuer (RFC 6749 §5.2, RFC 8693 §2.2.2). */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_client: 'Check the credentials of the gateway’s client',
  unauthorized_client: 'Allow token exchange for the gateway’s client',
  unsupported_grant_type: 'Enable token exchange (RFC 8693) at the issuer',
  invalid_target: 'Register the audience at the issuer, and allow the gateway’s client to request it',
  invalid_scope: 'Check routes[].tokenExchange.scopes',
  access_denied: 'Put the gateway’s client into the audience of the callers’ tokens, and allow the exchange',
  invalid_request: 'Allow token exchange for the gateway’s client, and the audience for the user',
}

function saidBy({ status, error, error_description: description }: client.ResponseBodyError): string {
  const words = description === undefined ? '' : ` (${withoutTokens(description)})`
  const advice = ADVICE[error] ?? 'Check the settings of token exchange at the issuer'
  return `the issuer said ${status} ${errorCode(error)}${words}. ${advice}`
}

/** A description of an error as the log may have it: short, printable, and nothing as long as a token or a secret. */
const withoutTokens = (text: string) =>
  text
    .replaceAll(/[^\x20-\x7e]/g, ' ')
    .replaceAll(/[\w+/=~-]{24,}/g, '…')
    .slice(0, 160)
