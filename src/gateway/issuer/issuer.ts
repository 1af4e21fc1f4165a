import type { Configuration } from 'openid-client'
import { Refusal } from '../errors.ts'
import type { RefreshTokens } from '../sessions/refresh/refresher.ts'
import { type DiscoveredIssuer, discover, type IssuerDeps } from './discovery.ts'
import { type Grants, grantsOf } from './grants.ts'
import type { IssuerKeys } from './keys/issuer-keys.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000
/** Least time between two discoveries that requests can cause, in milliseconds. */
const COOL_DOWN_MS = 1000

/** Longest wait for a response of {@link Issuer.reachable}, in milliseconds. */
const PROBE_MS = 2000

/**
 * The issuer, for this relying party. The gateway starts while the issuer is down: discovery is retried in the background
 * and, at most once a second, by requests that need the issuer.
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

  /** Stops the discovery in the background. */
  close(): void {
    clearTimeout(this.#timer)
  }

  /** Whether the issuer has been discovered. */
  get ready(): boolean {
    return this.#found !== undefined
  }

  /** Why the last discovery failed, for operators. */
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

  /** The issuer for openid-client. @throws Refusal issuer-down */
  async configuration(): Promise<Configuration> {
    return (await this.discovered()).configuration
  }

  /** The keys that verify the issuer's tokens. @throws Refusal issuer-down */
  async keys(): Promise<IssuerKeys> {
    return (await this.discovered()).keys
  }

  /** The issuer if it responds right now; undefined when it is down or was never discovered. */
  async reachable(): Promise<DiscoveredIssuer | undefined> {
    const found = await this.discovered().catch(() => undefined)
    if (found === undefined) return undefined
    try {
      const signal = AbortSignal.timeout(PROBE_MS)
      const response = await fetch(`${found.metadata.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
        signal,
      })
      await response.body?.cancel()
      return response.status < 500 ? found : undefined
    } catch {
      return undefined // no response within PROBE_MS
    }
  }

  /** Redeems codes and refreshes tokens. */
  get grants(): Grants {
    return this.#grants
  }

  /** Refreshes a session's tokens; for `Sessions`. */
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
      this.#fault = error instanceof Error ? withCauses(error) : String(error)
      log.warn({ issuer: config.issuer.url, fault: this.#fault }, 'issuer not discovered; discovery will be retried')
    }
  }
}

/** The messages of an error and its causes: the message of fetch alone is "fetch failed". */
function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${withCauses(error.cause)}` : error.message
}
