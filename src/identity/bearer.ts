import { createHash } from 'node:crypto'
import { decodeProtectedHeader, type JWTPayload, errors as jose, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import { principalOf } from './claims.ts'
import type { IssuerKeys } from './keys.ts'

/** Verified tokens remembered at most; a token costs one signature check, however often it is used. */
const REMEMBERED = 50_000

export interface BearerDeps {
  readonly config: Pick<Config, 'issuer'>
  readonly keys: () => Promise<IssuerKeys>
  readonly clock: Clock
  readonly log: Logger
}

/** Verifies an access token. @throws Refusal `token-invalid` or `issuer-down` */
export type VerifyBearer = (token: string) => Principal | Promise<Principal>

/** Bearer tokens are JWTs of the issuer for one of our audiences (RFC 6750, RFC 9068 §4, RFC 8725). */
export function buildVerifyBearer({ config, keys, clock, log }: BearerDeps): VerifyBearer {
  const { issuer } = config
  const remembered = new LRUCache<string, { principal: Principal; until: number }>({ max: REMEMBERED })

  async function verify(token: string, hash: string): Promise<Principal> {
    checkKind(token)
    const { find } = await keys()
    const { payload } = await jwtVerify(token, find, {
      algorithms: [...issuer.algorithms],
      issuer: issuer.url,
      audience: [...(issuer.audiences ?? [issuer.clientId])],
      clockTolerance: issuer.clockSkewSeconds,
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'exp'],
    })
    checkClaims(payload, clock() / 1000 + issuer.clockSkewSeconds, issuer.accessTokenTypes, token)
    const principal = { ...principalOf(payload, issuer, log), ...clientOf(payload) }
    remembered.set(hash, { principal, until: (payload.exp ?? 0) * 1000 })
    return principal
  }

  return (token) => {
    const hash = createHash('sha256').update(token).digest('base64url')
    const known = remembered.get(hash)
    if (known !== undefined && known.until > clock()) return known.principal
    return verify(token, hash).catch((error: unknown) => {
      throw asRefusal(error)
    })
  }
}

const invalid = (detail: string, cause?: unknown) =>
  new Refusal('token-invalid', detail, { cause, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal && error.reason !== 'login-failed') return error
  if (error instanceof jose.JWKSTimeout)
    return new Refusal('issuer-down', 'the issuer’s keys cannot be loaded', {
      cause: error,
      headers: { 'Retry-After': '5' },
    })
  if (error instanceof jose.JOSEError || error instanceof Refusal)
    return invalid(error instanceof jose.JOSEError ? error.code : error.message)
  return new Refusal('issuer-down', 'the issuer’s keys cannot be loaded', {
    cause: error,
    headers: { 'Retry-After': '5' },
  })
}

/** Three non-empty base64url parts; anything else (JWE, opaque, JSON serialisation) is no JWT of ours. */
function checkKind(token: string): void {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw invalid('not a compact JWS')
}

/** An ID token, a refresh token and a logout token are no access tokens, though the issuer signed them (RFC 8725 §3.11). */
function checkClaims(claims: JWTPayload, latest: number, types: readonly string[], token: string): void {
  for (const name of ['iat', 'nbf'] as const)
    if ((claims[name] ?? 0) > latest) throw invalid(`${name} lies in the future`)
  const header = decodeProtectedHeader(token)
  const marks = [header.typ?.toLowerCase().replace(/^application\//, ''), claims.typ]
  if (!types.some((type) => marks.includes(type))) throw invalid('typ is not that of an access token')
  if (claims.nonce !== undefined || claims.events !== undefined) throw invalid('claims of another kind of token')
}

/** A token that a client got for itself has the client as subject (RFC 9068 §2.2), or the issuer's service account of it. */
function clientOf(claims: JWTPayload): Pick<Principal, 'kind' | 'clientId'> {
  const client = typeof claims.client_id === 'string' ? claims.client_id : claims.azp
  if (typeof client !== 'string') return { kind: 'person' }
  const own =
    claims.sub === client ||
    (claims.sid === undefined && claims.preferred_username === `service-account-${client.toLowerCase()}`)
  return { kind: own ? 'machine' : 'person', clientId: client }
}
