import type { IncomingMessage } from 'node:http'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Clock } from '../../shared/clock.ts'
import { checkAccessTokenType, checkTokenTimes, REQUIRED_CLAIMS } from '../../shared/tokens/access-token-rules.ts'
import type { Claims } from '../../shared/tokens/claims.ts'
import { parseCompactJwt } from '../../shared/tokens/compact-jwt.ts'
import { TokenRejected } from '../../shared/tokens/token-rejected.ts'
import type { CoreConfig } from '../config.ts'
import { Problem } from '../operation/problems.ts'
import { principalOfAssertion, principalOfToken } from './claims.ts'
import type { Principal } from './principal.ts'
import { issuerKeys, remoteKeys } from './remote-keys.ts'

/** Longest JWT that is verified, in characters. */
const MAX_JWT = 16_384

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' }
const INVALID = { 'WWW-Authenticate': 'Bearer error="invalid_token"' }

type AuthenticatorConfig = Pick<CoreConfig, 'gateway' | 'issuer' | 'access'>

interface Expected {
  readonly issuer: string
  readonly audience: string | string[]
  readonly algorithms: string[]
  readonly typ?: string
  readonly requiredClaims: string[]
}

/** Verifies who calls. Only a valid signature counts: no header, no address and no network is trusted. */
export class Authenticator {
  readonly #config: AuthenticatorConfig
  readonly #clock: Clock
  readonly #gatewayKeys: JWTVerifyGetKey | undefined
  readonly #issuerKeys: JWTVerifyGetKey | undefined

  constructor(config: AuthenticatorConfig, clock: Clock) {
    const { gateway, issuer } = config
    this.#config = config
    this.#clock = clock
    this.#gatewayKeys = gateway && remoteKeys(gateway.jwksUrl ?? `${gateway.publicUrl}/auth/jwks.json`)
    this.#issuerKeys = issuer && (issuer.jwksUrl ? remoteKeys(issuer.jwksUrl) : issuerKeys(issuer.url))
  }

  /**
   * If the request has an assertion, the assertion alone counts, because the gateway may pass the caller's own token
   * along with it. An access token never replaces an invalid assertion.
   * @throws Problem login-required, token-invalid, credentials-ambiguous, issuer-down
   */
  async authenticate({ headersDistinct }: Pick<IncomingMessage, 'headersDistinct'>): Promise<Principal> {
    const assertion = singleValue(headersDistinct['x-gateway-assertion'])
    if (assertion !== undefined) return this.#fromAssertion(assertion)
    const authorization = singleValue(headersDistinct.authorization)
    if (authorization === undefined) throw new Problem('login-required', 'no credentials', { headers: CHALLENGE })
    const token = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization)?.[1]
    if (token === undefined) throw invalid('not a bearer token')
    return this.#fromBearer(token)
  }

  async #fromAssertion(jwt: string): Promise<Principal> {
    const { gateway } = this.#config
    if (!gateway || !this.#gatewayKeys) throw invalid('no gateway is configured')
    const { publicUrl: issuer, audience } = gateway
    const expected = { issuer, audience, algorithms: ['ES256'], typ: 'JWT', requiredClaims: ['sub', 'iat', 'exp'] }
    const payload = await this.#verify(jwt, this.#gatewayKeys, expected)
    return principalOfAssertion(payload) ?? throwInvalid('claims of the assertion')
  }

  async #fromBearer(token: string): Promise<Principal> {
    const { issuer } = this.#config
    if (!issuer || !this.#issuerKeys) throw invalid('no issuer is configured')
    const { url, audiences: audience, algorithms, accessTokenTypes } = issuer
    const expected = { issuer: url, audience, algorithms, requiredClaims: REQUIRED_CLAIMS }
    const payload = await this.#verify(token, this.#issuerKeys, expected, accessTokenTypes)
    return principalOfToken(payload, issuer) ?? throwInvalid('claims of the access token')
  }

  /** @param types marks of an access token; absent: it is an assertion */
  async #verify(
    jwt: string,
    keys: JWTVerifyGetKey,
    expected: Expected,
    types?: readonly string[],
  ): Promise<JWTPayload> {
    const { clockSkewSeconds } = this.#config.access
    const now = this.#clock()
    try {
      if (jwt.length > MAX_JWT) throw new TokenRejected('too long')
      const { header, claims } = parseCompactJwt(jwt)
      if (types !== undefined) checkUnboundAccessToken(header, claims, types)
      const times = { currentDate: new Date(now), clockTolerance: clockSkewSeconds }
      const { payload } = await jwtVerify(jwt, keys, { ...expected, ...times })
      checkTokenTimes(payload, now / 1000 + clockSkewSeconds)
      return payload
    } catch (error) {
      throw verificationProblem(error)
    }
  }
}

/**
 * Only the gateway verifies proofs: a token that is bound to a key is refused here, where it would count as a bearer token.
 * @throws TokenRejected
 */
function checkUnboundAccessToken(header: Claims, claims: Claims, types: readonly string[]): void {
  checkAccessTokenType(header, claims, types)
  if (claims.cnf !== undefined) throw new TokenRejected('cnf: bound to a key; send it to the gateway, with its proof')
}

/** Keys that could not be fetched say nothing about the token. */
function verificationProblem(error: unknown): Problem {
  if (error instanceof TokenRejected) return invalid(error.message)
  const isOutage =
    !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || error.code === 'ERR_JOSE_GENERIC'
  if (isOutage) return new Problem('issuer-down', 'keys could not be fetched', { cause: error })
  return invalid(error.code, error)
}

const invalid = (detail: string, cause?: unknown) =>
  new Problem('token-invalid', `JWT not valid: ${detail}`, { cause, headers: INVALID })

function throwInvalid(detail: string): never {
  throw invalid(detail)
}

function singleValue(values: readonly string[] | undefined): string | undefined {
  if (values === undefined || values.length === 0) return undefined
  if (values.length > 1) throw new Problem('credentials-ambiguous', 'a credentials header is repeated')
  return values[0]
}
