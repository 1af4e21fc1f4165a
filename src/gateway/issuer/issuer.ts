import type { Configuration } from 'openid-client'
import { Refusal } from '../errors.ts'
import type { RefreshTokens } from '../sessions/refresh/refresher.ts'
import { buildClientAuthentication, type ClientAuthentication } from './client/client-authentication.ts'
import { type DiscoveredIssuer, discover, type IssuerDeps } from './discovery.ts'
import { type Grants, grantsOf } from './grants.ts'
import { IssuerHealth, withCauses } from './health.ts'
import type { IssuerKeys } from './keys/issuer-keys.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000
/** Least time between two discoveries that requests can cause, in milliseconds. */
const COOL_DOWN_MS = 1000
/** A response this recent is enough for a sign-in, in milliseconds. */
const RECENT_MS = 1000

/**
 * The issuer, for this relying party. The gateway starts while the issuer is down: discovery is retried in the background
 * and, at most once a second, by requests that need the issuer. From then on its health is watched.
 */
export class Issuer {
  /** The gateway's own proof of who it is. */
  readonly authentication: ClientAuthentication
  readonly #deps: IssuerDeps
  readonly #grants: Grants
  readonly #health: IssuerHealth
  #found: DiscoveredIssuer | undefined
  #fault: string | undefined
  #attempt: Promise<void> | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(deps: IssuerDeps) {
    this.#deps = deps
    this.authentication = buildClientAuthentication(deps.config.issuer, deps.clock)
    this.#grants = grantsOf(deps, () => this.discovered())
    const { url, probeSeconds, timeoutSeconds } = deps.config.issuer
    this.#health = new IssuerHealth({
      ...{ url, clock: deps.clock, log: deps.log },
      ...(deps.requests && { fetch: deps.requests.fetch }),
      intervalMs: probeSeconds * 1000,
      timeoutMs: timeoutSeconds * 1000,
    })
  }

  /** Discovers in the background until it succeeds. */
  start(): void {
    const retry = async (delay: number) => {
      await this.#tryOnce()
      if (this.#found !== undefined || this.#isClosed) return
      this.#timer = setTimeout(retry, delay, Math.min(delay * 2, LAST_RETRY_MS)).unref()
    }
    void retry(FIRST_RETRY_MS)
  }

  /** Stops discovery and probes in the background. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#health.close()
  }

  /** Whether the issuer has been discovered: without that, no session can begin or be refreshed, and no token is verified. */
  get known(): boolean {
    return this.#found !== undefined
  }

  /** Whether it is known and responds, as far as requests and probes have shown. */
  get ready(): boolean {
    return this.known && !this.#health.isDown
  }

  /** Why the last discovery failed, for operators. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** @throws Refusal issuer-down */
  async discovered(): Promise<DiscoveredIssuer> {
    if (this.#found === undefined && this.#deps.clock() - this.#triedAt >= COOL_DOWN_MS) await this.#tryOnce()
    else await this.#attempt
    if (this.#found === undefined) throw new Refusal('issuer-down', this.#fault ?? 'not discovered yet')
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

  /** The issuer for a person who is about to be sent there. @throws Refusal issuer-down: it does not respond */
  async forSignIn(): Promise<Configuration> {
    const { configuration } = await this.discovered()
    if (await this.#health.responds({ recentMs: RECENT_MS, ifLate: this.ready })) return configuration
    throw new Refusal('issuer-down', this.#health.cause ?? 'no response')
  }

  /** The issuer if it responds right now; undefined when it is down or was never discovered. */
  async reachable(): Promise<DiscoveredIssuer | undefined> {
    const found = await this.discovered().catch(() => undefined)
    return found !== undefined && (await this.#health.responds({ recentMs: 0, ifLate: false })) ? found : undefined
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
    const issuer = config.issuer.url
    try {
      this.#found = await discover(this.#deps, this.authentication, this.#health.fetch)
      this.#fault = undefined
      this.#deps.requests?.learn(this.#found.metadata)
      log.info({ event: 'issuer-discovered', issuer }, 'issuer discovered')
      if (!this.#isClosed) this.#health.watch()
    } catch (error) {
      const fault = withCauses(error)
      // Once for each fault: discovery is retried until it succeeds.
      const level = fault === this.#fault ? 'debug' : 'warn'
      this.#fault = fault
      log[level]({ event: 'issuer-not-discovered', issuer, fault }, 'issuer not discovered; discovery will be retried')
    }
  }
}
