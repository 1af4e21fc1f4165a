import * as client from 'openid-client'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { RefreshTokens } from '../sessions/refresh.ts'
import { type Grants, grantsOf } from './grants.ts'
import { type IssuerKeys, issuerKeys } from './keys.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000
/** Least time between two discoveries that requests can cause, in milliseconds. */
const COOL_DOWN_MS = 1000

/** Longest wait for a sign of life, in milliseconds. */
const PROBE_MS = 2000

export interface IssuerDeps {
  readonly config: Pick<Config, 'issuer' | 'server'>
  readonly clock: Clock
  readonly log: Logger
}

/** What discovery found. */
export interface DiscoveredIssuer {
  readonly configuration: client.Configuration
  readonly metadata: Readonly<client.ServerMetadata>
  readonly keys: IssuerKeys
}

/**
 * The issuer as this relying party knows it. The gateway starts while the issuer is down: discovery is retried in the
 * background and, at most once a second, when somebody wants to log in.
 */
export class Issuer {
  readonly #deps: IssuerDeps
  readonly #grants: Grants
  #found: DiscoveredIssuer | undefined
  #fault: string | undefined
  #attempt: Promise<void> | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(deps: IssuerDeps) {
    this.#deps = deps
    this.#grants = grantsOf(deps, () => this.discovered())
  }

  /** Discovers in the background until it succeeds. */
  start(): void {
    const retry = async (delay: number) => {
      await this.#tryOnce()
      if (this.#found !== undefined) return
      this.#timer = setTimeout(retry, delay, Math.min(delay * 2, LAST_RETRY_MS)).unref()
    }
    void retry(FIRST_RETRY_MS)
  }

  /** Stops retrying. */
  close(): void {
    clearTimeout(this.#timer)
  }

  /** Whether people can log in, as far as discovery can tell. */
  get ready(): boolean {
    return this.#found !== undefined
  }

  /** Why discovery has not succeeded, in words for an operator. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** @throws Refusal issuer-down */
  async discovered(): Promise<DiscoveredIssuer> {
    if (this.#found === undefined && this.#deps.clock() - this.#triedAt >= COOL_DOWN_MS) await this.#tryOnce()
    else await this.#attempt
    if (this.#found === undefined) {
      throw new Refusal('issuer-down', this.#fault ?? 'not discovered yet', { headers: { 'Retry-After': '5' } })
    }
    return this.#found
  }

  /** openid-client's handle of the issuer. @throws Refusal issuer-down */
  async configuration(): Promise<client.Configuration> {
    return (await this.discovered()).configuration
  }

  /** The issuer's keys, also for bearer tokens. @throws Refusal issuer-down */
  async keys(): Promise<IssuerKeys> {
    return (await this.discovered()).keys
  }

  /** The issuer, when it answers right now; undefined when it is down or was never discovered. */
  async reachable(): Promise<DiscoveredIssuer | undefined> {
    const found = await this.discovered().catch(() => undefined)
    if (found === undefined) return undefined
    try {
      const signal = AbortSignal.timeout(PROBE_MS)
      const answer = await fetch(`${found.metadata.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
        signal,
      })
      await answer.body?.cancel()
      return answer.status < 500 ? found : undefined
    } catch {
      return undefined // no answer is the answer
    }
  }

  /** Redeems codes and refreshes tokens. */
  get grants(): Grants {
    return this.#grants
  }

  /** For `Sessions`. */
  get refresh(): RefreshTokens {
    return this.#grants.refresh
  }

  #tryOnce(): Promise<void> {
    this.#triedAt = this.#deps.clock()
    this.#attempt ??= this.#discover().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  async #discover(): Promise<void> {
    const { log, config } = this.#deps
    try {
      this.#found = await discover(this.#deps)
      this.#fault = undefined
      log.info({ issuer: config.issuer.url }, 'issuer discovered')
    } catch (error) {
      this.#fault = error instanceof Error ? causes(error) : String(error)
      log.warn({ issuer: config.issuer.url, fault: this.#fault }, 'issuer not discovered; trying again')
    }
  }
}

async function discover({ config, clock, log }: IssuerDeps): Promise<DiscoveredIssuer> {
  const { issuer, server } = config
  const url = new URL(issuer.url)
  const authenticate =
    issuer.clientAuthentication === 'client_secret_post' ? client.ClientSecretPost : client.ClientSecretBasic
  const configuration = await client.discovery(
    url,
    issuer.clientId,
    { [client.clockTolerance]: issuer.clockSkewSeconds },
    authenticate(issuer.clientSecret),
    {
      timeout: issuer.timeoutSeconds,
      execute: mayBePlain(url, server.insecureHttp) ? [client.allowInsecureRequests] : [],
    },
  )
  const metadata = configuration.serverMetadata()
  checkMetadata(metadata, issuer)
  const jwksUri = new URL(metadata.jwks_uri ?? '')
  return { configuration, metadata, keys: issuerKeys(jwksUri, issuer.timeoutSeconds, clock, log) }
}

/** http towards the issuer: on loopback, or where the operator accepted it. Everything else is https (RFC 9700 §2.6). */
function mayBePlain(url: URL, insecureHttp: boolean): boolean {
  if (url.protocol !== 'http:') return false
  const isLoopback = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  return isLoopback || insecureHttp
}

/** @throws Error naming the fault of the metadata (OIDC Discovery §4.3, RFC 7636) */
function checkMetadata(metadata: client.ServerMetadata & client.ServerMetadataHelpers, issuer: Config['issuer']): void {
  if (metadata.issuer !== issuer.url) {
    throw new Error(`issuer: expected exactly ${issuer.url}, got ${metadata.issuer}`)
  }
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    const value = metadata[name]
    if (typeof value !== 'string' || !URL.canParse(value))
      throw new Error(`${name}: expected a URL, got ${typeof value}`)
    if (issuer.url.startsWith('https:') && !value.startsWith('https:')) {
      throw new Error(`${name}: expected https, got ${new URL(value).protocol}`)
    }
  }
  if (issuer.requirePkce && !metadata.supportsPKCE('S256')) {
    throw new Error('code_challenge_methods_supported: expected S256 (or issuer.requirePkce: false)')
  }
}

/** The messages of an error and its causes: fetch says only "fetch failed" by itself. */
function causes(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${causes(error.cause)}` : error.message
}
