import * as client from 'openid-client'
import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { isKeycloaksDpop } from '../../../shared/tokens/access-token-rules.ts'
import { callerKind } from '../../../shared/tokens/caller-kind.ts'
import { type Confirmation, confirmationOf, isDpopBound } from '../../../shared/tokens/confirmation.ts'
import { TokenRejected } from '../../../shared/tokens/token-rejected.ts'
import { acceptedAudiences, gatewayAudiences } from '../../config/accepted-audiences.ts'
import type { Config } from '../../config/schema.ts'
import { authenticationClaims } from '../../issuer/authentication.ts'
import { principalOf } from '../../issuer/claims.ts'
import { issuerOutage } from '../../issuer/issuer-errors.ts'
import type { VerifiedToken } from './access-token.ts'
import { forRoutes } from './route-audience.ts'
import { invalidToken } from './token-refusals.ts'

export interface IntrospectionDeps {
  readonly config: Pick<Config, 'issuer' | 'server' | 'routes'>
  /** @throws Refusal issuer-down */
  readonly configuration: () => Promise<client.Configuration>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Verifies a token at the issuer's introspection endpoint (RFC 7662). A response that cannot be used says nothing about
 * the token; one that can is used for `issuer.introspectionSeconds`, so that a revoked token ends within them.
 * @throws Refusal token-invalid, issuer-down
 */
export function buildIntrospect({ config, configuration, clock, log }: IntrospectionDeps) {
  const { issuer } = config
  const audiences = gatewayAudiences(config)
  const all = acceptedAudiences(config)

  async function request(token: string): Promise<client.IntrospectionResponse> {
    const found = await configuration()
    if (found.serverMetadata().introspection_endpoint === undefined)
      throw invalidToken('the issuer announces no introspection endpoint')
    return client
      .tokenIntrospection(found, token, { token_type_hint: 'access_token' })
      .catch((error: unknown) => issuerOutage('introspection', error))
  }

  return async (token: string): Promise<VerifiedToken> => {
    const response = await request(token)
    const now = clock()
    checkResponse(response, { url: issuer.url, audiences: all, types: issuer.accessTokenTypes, now })
    // A client that acts for itself is its own subject (RFC 9068 §2.2 requires the same of JWTs).
    const sub = response.sub ?? response.client_id
    const claims = { preferred_username: response.username, ...response, iss: issuer.url, sub }
    const ends = response.exp === undefined ? Number.POSITIVE_INFINITY : response.exp * 1000
    return {
      principal: {
        ...principalOf(claims, issuer, log),
        ...callerKind(claims),
        authentication: authenticationClaims(claims, now, issuer.clockSkewSeconds),
      },
      until: Math.min(ends, now + issuer.introspectionSeconds * 1000),
      confirmation: confirmationIn(response),
      forRoutes: forRoutes(response.aud ?? response.client_id, audiences),
    }
  }
}

interface Expected {
  readonly url: string
  readonly audiences: readonly string[]
  readonly types: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Whatever `active` says, times that cannot be read are no lifetime. @param now Milliseconds since the epoch. */
function checkTimes({ exp, nbf }: client.IntrospectionResponse, now: number): void {
  const isTime = (value: unknown) => value === undefined || Number.isFinite(value)
  if (!isTime(exp) || !isTime(nbf)) throw invalidToken('introspection: expected times as numbers')
  if (exp !== undefined && exp * 1000 <= now) throw invalidToken('introspection: expired')
}

/** Active is not enough: refresh tokens are active too, and so are tokens for other audiences. */
function checkResponse(response: client.IntrospectionResponse, { url, audiences, types, now }: Expected): void {
  if (!response.active) throw invalidToken('introspection: not active')
  if (response.iss !== undefined && response.iss !== url) throw invalidToken('introspection: another issuer')
  checkTimes(response, now)
  const type = response.token_type?.toLowerCase()
  // A token that is bound to a key says so as well (RFC 9449 §6.2); without the key it could not be verified.
  if (type === 'dpop' && !isDpopBound(response)) throw invalidToken('introspection: bound to a key that is not named')
  const isBearer = type === 'bearer' || type === 'dpop'
  const isMarked =
    typeof response.typ === 'string' && (types.includes(response.typ) || isKeycloaksDpop(response, types))
  if (!isMarked && (response.typ !== undefined || !isBearer)) throw invalidToken('introspection: no access token')
  // A token without an audience is meant for its client.
  const named = response.aud === undefined ? [response.client_id] : [response.aud].flat()
  if (!named.some((each) => each !== undefined && audiences.includes(each)))
    throw invalidToken('introspection: another audience')
}

/** @throws Refusal token-invalid */
function confirmationIn(response: client.IntrospectionResponse): Confirmation | undefined {
  try {
    return confirmationOf(response)
  } catch (error) {
    throw error instanceof TokenRejected ? invalidToken(`introspection: ${error.message}`) : error
  }
}
