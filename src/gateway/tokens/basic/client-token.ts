import * as client from 'openid-client'
import { Refusal } from '../../errors.ts'
import { issuerRefusal } from '../../issuer/issuer-errors.ts'
import { asClient } from '../../issuer/service-token.ts'
import type { BasicCredentials } from './basic-credentials.ts'

export interface ClientToken {
  readonly token: string
  /** Life of the token. */
  readonly seconds: number
}

/** A client-credentials grant (RFC 6749 §4.4). @throws Refusal token-invalid: wrong credentials; issuer-down */
export type FetchClientToken = (credentials: BasicCredentials) => Promise<ClientToken>

/** Where the issuer says nothing about a token's life, in seconds. */
const ASSUMED_SECONDS = 60

export function buildFetchClientToken(
  configuration: () => Promise<client.Configuration>,
  parameters: Readonly<Record<string, string>>,
): FetchClientToken {
  return async ({ clientId, secret }) => {
    const gateway = await configuration()
    try {
      const answer = await client.clientCredentialsGrant(asClient(gateway, clientId, secret), { ...parameters })
      return { token: answer.access_token, seconds: answer.expires_in ?? ASSUMED_SECONDS }
    } catch (error) {
      if (isRefused(error)) throw wrongCredentials('the issuer refused them')
      return outage(error)
    }
  }
}

/** Basic credentials that are not accepted; the challenge is sent to those alone who sent some. */
export const wrongCredentials = (detail: string): Refusal =>
  new Refusal('token-invalid', `Basic credentials: ${detail}`, {
    explain: 'Send the id and the secret of a client of the issuer.',
    headers: { 'WWW-Authenticate': 'Basic realm="modelops", charset="UTF-8"' },
  })

/** Codes that say something about the client, not about the issuer (RFC 6749 §5.2). */
const ABOUT_THE_CLIENT = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_grant',
  'access_denied',
  'invalid_scope',
  'invalid_target',
])

function isRefused(error: unknown): boolean {
  if (error instanceof client.WWWAuthenticateChallengeError) return error.status === 401
  return error instanceof client.ResponseBodyError && error.status < 500 && ABOUT_THE_CLIENT.has(error.error)
}

/** Everything else says nothing about the credentials, however odd: nobody is told that theirs are wrong. */
function outage(error: unknown): never {
  try {
    return issuerRefusal(error)
  } catch (refusal) {
    const detail = refusal instanceof Error ? refusal.message : 'unknown failure'
    throw new Refusal('issuer-down', `client credentials: ${detail}`, { headers: { 'Retry-After': '5' } })
  }
}
