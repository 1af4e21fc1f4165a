import type { IncomingMessage } from 'node:http'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../shared/clock.ts'
import { parseProjectId } from '../../shared/project-id.ts'
import type { CoreConfig } from '../config.ts'
import { Problem } from '../problems.ts'
import type { Caller } from './caller.ts'
import { issuerKeys, remoteKeys } from './keys.ts'

/** Longest proof that is looked at, in characters. */
const MAX_PROOF = 16_384

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' }
const INVALID = { 'WWW-Authenticate': 'Bearer error="invalid_token"' }

const name = z.string().min(1).max(1000)
const groups = z.array(z.string()).default([])

const assertionClaims = z.object({
  sub: name,
  preferred_username: name,
  client_id: name.optional(),
  groups,
  groups_truncated: z.boolean().default(false),
  role: z.enum(['admin', 'editor', 'viewer', 'user', 'anonymous']),
  project_id: z
    .string()
    .refine((id) => parseProjectId(id) === id)
    .optional(),
})

/** Finds out who asks. Nothing but a signature is believed: no header, no address, no network. */
export class Proofs {
  readonly #config: Pick<CoreConfig, 'gateway' | 'issuer' | 'access'>
  readonly #clock: Clock
  readonly #gatewayKeys: JWTVerifyGetKey | undefined
  readonly #issuerKeys: JWTVerifyGetKey | undefined

  constructor(config: Pick<CoreConfig, 'gateway' | 'issuer' | 'access'>, clock: Clock) {
    const { gateway, issuer } = config
    this.#config = config
    this.#clock = clock
    this.#gatewayKeys = gateway && remoteKeys(gateway.jwksUrl ?? `${gateway.publicUrl}/auth/jwks.json`)
    this.#issuerKeys = issuer && (issuer.jwksUrl ? remoteKeys(issuer.jwksUrl) : issuerKeys(issuer.url))
  }

  /**
   * The assertion counts where there is one: the gateway may pass the caller's own token beside it. A bad assertion is
   * never made good by a token.
   * @throws Problem login-required, token-invalid, credentials-ambiguous, issuer-down
   */
  async caller(request: Pick<IncomingMessage, 'headersDistinct'>): Promise<Caller> {
    const assertion = only(request.headersDistinct['x-gateway-assertion'])
    if (assertion !== undefined) return this.#fromAssertion(assertion)
    const authorization = only(request.headersDistinct.authorization)
    if (authorization === undefined) throw new Problem('login-required', 'no proof', { headers: CHALLENGE })
    const token = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization)?.[1]
    if (token === undefined) throw new Problem('token-invalid', 'not a bearer token', { headers: INVALID })
    return this.#fromBearer(token)
  }

  async #fromAssertion(jwt: string): Promise<Caller> {
    const { gateway } = this.#config
    if (!gateway || !this.#gatewayKeys) throw refused('no gateway is configured')
    const options = { issuer: gateway.publicUrl, audience: gateway.audience, algorithms: ['ES256'], typ: 'JWT' }
    const payload = await this.#verify(jwt, this.#gatewayKeys, options)
    const claims = assertionClaims.safeParse(payload)
    if (!claims.success) throw refused('claims of the assertion', claims.error)
    const { sub, preferred_username, client_id, role, project_id, groups_truncated, groups } = claims.data
    return {
      proof: 'assertion',
      subject: sub,
      username: preferred_username,
      groups: new Set(groups),
      groupsComplete: !groups_truncated,
      machine: client_id,
      judged: { role, projectId: project_id },
    }
  }

  async #fromBearer(token: string): Promise<Caller> {
    const { issuer } = this.#config
    if (!issuer || !this.#issuerKeys) throw refused('no issuer is configured')
    const options = { issuer: issuer.url, audience: issuer.audiences, algorithms: issuer.algorithms }
    const payload = await this.#verify(token, this.#issuerKeys, options)
    if (!isAccessToken(payload)) throw refused('not an access token')
    const claims = bearerClaims.safeParse({ ...payload, groups: payload[issuer.groupsClaim] })
    if (!claims.success) throw refused('claims of the token', claims.error)
    const { sub, client_id, groups } = claims.data
    const username = name.catch(sub).parse(payload[issuer.usernameClaim])
    return {
      proof: 'bearer',
      subject: sub,
      username,
      groups: new Set(groups),
      groupsComplete: true,
      machine: isMachine(sub, client_id, payload) ? client_id : undefined,
      judged: undefined,
    }
  }

  async #verify(
    jwt: string,
    keys: JWTVerifyGetKey,
    options: { issuer: string; audience: string | string[]; algorithms: string[]; typ?: string },
  ): Promise<JWTPayload> {
    if (jwt.length > MAX_PROOF) throw refused('longer than any proof')
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, keys, {
        ...options,
        currentDate: new Date(this.#clock()),
        clockTolerance: this.#config.access.clockSkewSeconds,
        requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
      })
      if (!/^(application\/)?(at\+)?jwt$/i.test(protectedHeader.typ ?? 'jwt')) throw refused('type of the token')
      return payload
    } catch (error) {
      throw verificationProblem(error)
    }
  }
}

const bearerClaims = z.object({ sub: name, client_id: name.optional(), groups })

/** ID tokens, logout tokens and refresh tokens are signed by the same keys (RFC 8725 §3.11). */
function isAccessToken(payload: JWTPayload): boolean {
  if (payload.typ !== undefined && payload.typ !== 'Bearer') return false
  return payload.nonce === undefined && payload.at_hash === undefined && payload.events === undefined
}

/** A client-credentials token: its subject is the client (RFC 9068 §5), or the client's service account (Keycloak). */
function isMachine(subject: string, clientId: string | undefined, payload: JWTPayload): boolean {
  if (clientId === undefined) return false
  return subject === clientId || payload.preferred_username === `service-account-${clientId}`
}

/** The keys could not be had: that says nothing about the proof. */
function verificationProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const unreachable =
    !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || error.code === 'ERR_JOSE_GENERIC'
  if (unreachable) return new Problem('issuer-down', 'keys could not be fetched', { cause: error })
  return refused(error.code, error)
}

const refused = (detail: string, cause?: unknown) =>
  new Problem('token-invalid', `proof refused: ${detail}`, { cause, headers: INVALID })

function only(values: readonly string[] | undefined): string | undefined {
  if (values === undefined || values.length === 0) return undefined
  if (values.length > 1) throw new Problem('credentials-ambiguous', 'a proof is there more than once')
  return values[0]
}
