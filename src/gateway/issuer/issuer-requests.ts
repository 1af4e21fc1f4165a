import type { ServerMetadata } from 'openid-client'
import { type IssuerFetch, issuerFetch } from './issuer-fetch.ts'

export type IssuerOperation =
  | 'discovery'
  | 'keys'
  | 'token'
  | 'refresh'
  | 'client-credentials'
  | 'token-exchange'
  | 'introspection'
  | 'userinfo'
  | 'revocation'
  | 'other'

export type IssuerError = 'timeout' | 'connection' | '3xx' | '4xx' | '5xx'

/** What becomes of requests to issuers, for whoever counts it. No member may throw. */
export interface IssuerEvents {
  /** A response has begun, or there is none. @param error Undefined: the status says that it succeeded */
  requested(operation: IssuerOperation, seconds: number, error: IssuerError | undefined): void
}

type Endpoints = Partial<Pick<ServerMetadata, keyof typeof OPERATIONS | 'token_endpoint' | 'mtls_endpoint_aliases'>>

/** Endpoints with one purpose (RFC 8414 §2). */
const OPERATIONS = {
  jwks_uri: 'keys',
  introspection_endpoint: 'introspection',
  userinfo_endpoint: 'userinfo',
  revocation_endpoint: 'revocation',
} as const

/** Purposes of the token endpoint (RFC 6749 §4). */
const GRANTS: Readonly<Record<string, IssuerOperation>> = {
  authorization_code: 'token',
  refresh_token: 'refresh',
  client_credentials: 'client-credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'token-exchange',
}

/** Sends every request to an issuer, and reports its time and outcome by what it is for. */
export class IssuerRequests {
  readonly #events: IssuerEvents | undefined
  /** What is known of the endpoints, by their URL. Bounded by the configuration: each issuer names a handful. */
  readonly #operations = new Map<string, IssuerOperation>()
  readonly #tokenEndpoints = new Set<string>()

  constructor(events?: IssuerEvents) {
    this.#events = events
  }

  /** Learns from metadata which endpoint has which purpose. */
  learn(metadata: Endpoints): void {
    // The same endpoints for client certificates (RFC 8705 §5).
    if (metadata.mtls_endpoint_aliases) this.learn(metadata.mtls_endpoint_aliases)
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const url = metadata[name as keyof typeof OPERATIONS]
      if (url !== undefined) this.#operations.set(url, operation)
    }
    if (metadata.token_endpoint !== undefined) this.#tokenEndpoints.add(metadata.token_endpoint)
  }

  readonly fetch: IssuerFetch = async (url, options) => {
    const startedAt = performance.now()
    let error: IssuerError | undefined = 'connection'
    try {
      const response = await issuerFetch(url, options)
      error = errorOf(response.status)
      return response
    } catch (failure) {
      if (isTimeout(failure)) error = 'timeout'
      throw failure
    } finally {
      this.#events?.requested(this.#operationOf(url, options), (performance.now() - startedAt) / 1000, error)
    }
  }

  #operationOf(url: string, { body }: RequestInit): IssuerOperation {
    if (this.#tokenEndpoints.has(url)) {
      const grant = new URLSearchParams(String(body ?? '')).get('grant_type') ?? ''
      return GRANTS[grant] ?? 'other'
    }
    const known = this.#operations.get(url)
    return known ?? (url.endsWith('/.well-known/openid-configuration') ? 'discovery' : 'other')
  }
}

function errorOf(status: number): IssuerError | undefined {
  if (status < 300) return undefined
  if (status < 400) return '3xx'
  return status < 500 ? '4xx' : '5xx'
}

const isTimeout = (failure: unknown) =>
  failure instanceof Error && (failure.name === 'TimeoutError' || failure.name === 'AbortError')
