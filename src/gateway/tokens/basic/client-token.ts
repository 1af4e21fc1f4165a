import * as client from 'openid-client'
import { Refusal } from '../../errors.ts'
import { asClient } from '../../issuer/as-client.ts'
import type { DiscoveredIssuer } from '../../issuer/discovery.ts'
import { issuerOutage } from '../../issuer/issuer-errors.ts'
import { requireBearer } from '../../issuer/token-type.ts'
import type { BasicCredentials } from './basic-credentials.ts'

export interface ClientToken {
  readonly token: string
  /** Lifetime of the token. */
  readonly seconds: number
}

/** A client-credentials grant (RFC 6749 §4.4). @throws Refusal token-invalid: wrong credentials; issuer-down */
export type FetchClientToken = (credentials: BasicCredentials) => Promise<ClientToken>

/** Lifetime of a token whose response names none, in seconds. */
const ASSUMED_SECONDS = 60

export function buildFetchClientToken(
  discovered: () => Promise<DiscoveredIssuer>,
  parameters: Readonly<Record<string, string>>,
): FetchClientToken {
  return async ({ clientId, secret }) => {
    const found = await discovered()
    try {
      const response = await client.clientCredentialsGrant(asClient(found, clientId, secret), { ...parameters })
      requireBearer(response)
      return { token: response.access_token, seconds: response.expires_in ?? ASSUMED_SECONDS }
    } catch (error) {
      if (isRefused(error)) throw wrongCredentials('the issuer refused them')
      return issuerOutage('client credentials', error) // says nothing about the credentials
    }
  }
}

/** The refusal of Basic credentials. Only clients that sent some receive the Basic challenge (RFC 7617 §2). */
export const wrongCredentials = (detail: string): Refusal =>
  new Refusal('token-invalid', `Basic credentials: ${detail}`, {
    explain: 'Send the id and the secret of a client of the issuer.',
    headers: { 'WWW-Authenticate': 'Basic realm="modelops", charset="UTF-8"' },
  })

/** Error codes that say something about the client, not about the issuer (RFC 6749 §5.2). */
const ABOUT_THE_CLIENT = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_grant',
  'access_denied',
  'invalid_scope',
  'invalid_target',
  // A client whose tokens must be bound to a key: nobody has its key here. Keycloak says `invalid_request`.
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'invalid_request',
])

/**
 * A 401 is about the client whatever its code: Keycloak says `invalid_request` of a service account that was disabled. As
 * an outage, it would leave the client its last token and its open streams.
 */
function isRefused(error: unknown): boolean {
  if (error instanceof client.WWWAuthenticateChallengeError) return error.status === 401
  if (!(error instanceof client.ResponseBodyError)) return false
  return error.status === 401 || (error.status < 500 && ABOUT_THE_CLIENT.has(error.error))
}
