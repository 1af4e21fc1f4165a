import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { type IssuerFetch, issuerFetch } from './issuer-fetch.ts'

/** Longest wait of a request for a probe, ms. */
const WAIT_MS = 2000
/** Least time between two probes that requests can cause, ms. */
const COOL_DOWN_MS = 1000
/** Pause after the first failure, ms; it doubles with each further one, up to the interval. */
const FIRST_RETRY_MS = 1000
/** Failures in a row after which the issuer counts as down: one may be an accident of the network. */
const FAILURES_UNTIL_DOWN = 2

export interface IssuerHealthDeps {
  /** Issuer identifier. */
  readonly url: string
  /** Probe interval, ms. */
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Sends requests. Default: {@link issuerFetch}. */
  readonly fetch?: IssuerFetch
}

interface Failures {
  count: number
  readonly since: number
  lastAt: number
  cause: string
}

/**
 * Whether the issuer responds. Each response to one of the gateway's own requests proves it; where there was none for an
 * interval, a probe loads its metadata. Intervals vary at random, so that the probes of many processes spread. A failure is
 * followed by a probe soon after, and the second one in a row means that the issuer is down.
 */
export class IssuerHealth {
  readonly #deps: IssuerHealthDeps
  #provenAt = Number.NEGATIVE_INFINITY
  #failures: Failures | undefined
  #running: Promise<boolean> | undefined
  #timer: NodeJS.Timeout | undefined
  #watching = false
  /** Whether a probe follows soon because a request failed. */
  #suspected = false

  constructor(deps: IssuerHealthDeps) {
    this.#deps = deps
  }

  get isDown(): boolean {
    return (this.#failures?.count ?? 0) >= FAILURES_UNTIL_DOWN
  }

  /** Why it counts as down, for operators. */
  get cause(): string | undefined {
    return this.#failures?.cause
  }

  /** Probes in the background from now on. */
  watch(): void {
    if (this.#watching) return
    this.#watching = true
    this.#schedule()
  }

  close(): void {
    this.#watching = false
    clearTimeout(this.#timer)
  }

  /** Sends a request to the issuer and learns from its outcome. */
  readonly fetch: IssuerFetch = async (url, options) => {
    try {
      const response = await this.#send(url, options)
      if (provesNothing(response.status)) this.#suspect()
      else this.#proven()
      return response
    } catch (error) {
      this.#suspect()
      throw error
    }
  }

  /**
   * Whether the issuer responds now, for a request that is about to depend on it: a probe asks the issuer itself.
   * @param recentMs A response this recent is enough. @param ifLate What is assumed when a probe takes long.
   */
  async responds({ recentMs, ifLate }: { recentMs: number; ifLate: boolean }): Promise<boolean> {
    const now = this.#deps.clock()
    if (within(now - this.#provenAt, recentMs)) return true
    if (this.#failures !== undefined && within(now - this.#failures.lastAt, COOL_DOWN_MS)) return false
    const { promise: late, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(resolve, WAIT_MS, ifLate)
    return Promise.race([this.#probe(), late]).finally(() => clearTimeout(timer))
  }

  #send(url: string, options: RequestInit): Promise<Response> {
    return (this.#deps.fetch ?? issuerFetch)(url, options)
  }

  /** Another request failed: that says nothing about the issuer until a probe fails as well. */
  #suspect(): void {
    this.#provenAt = Number.NEGATIVE_INFINITY
    // Further failures must not postpone the probe.
    if (!this.#watching || this.#suspected || this.#failures !== undefined) return
    this.#suspected = true
    this.#wakeIn(spread(FIRST_RETRY_MS))
  }

  #proven(): void {
    const { clock, log, url } = this.#deps
    this.#provenAt = clock()
    const failures = this.#failures
    this.#failures = undefined
    this.#schedule()
    if (failures !== undefined && failures.count >= FAILURES_UNTIL_DOWN) {
      const seconds = Math.round((clock() - failures.since) / 1000)
      log.info({ event: 'issuer-up', issuer: url, down_seconds: seconds }, 'the issuer responds again')
    }
  }

  #failed(cause: string): void {
    const { clock, log, url } = this.#deps
    const now = clock()
    this.#provenAt = Number.NEGATIVE_INFINITY
    this.#failures ??= { count: 0, since: now, lastAt: now, cause }
    const failures = this.#failures
    Object.assign(failures, { count: failures.count + 1, lastAt: now, cause })
    if (failures.count === FAILURES_UNTIL_DOWN) {
      const since = new Date(failures.since).toISOString()
      log.warn(
        { event: 'issuer-down', issuer: url, cause, since },
        'the issuer does not respond: nobody can sign in; existing sessions continue',
      )
    }
    this.#schedule()
  }

  #probe(): Promise<boolean> {
    this.#running ??= this.#loadMetadata()
      .then(
        () => this.#proven(),
        (error: unknown) => this.#failed(withCauses(error)),
      )
      .then(() => this.#failures === undefined)
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  async #loadMetadata(): Promise<void> {
    const { url, timeoutMs } = this.#deps
    const response = await this.#send(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(timeoutMs),
    })
    // Some proxies limit requests for the metadata: that is a response of an issuer that is there.
    if (provesNothing(response.status)) throw new Error(`its metadata has status ${response.status}`)
    if (!response.ok) return
    const metadata: unknown = await response.json()
    // A maintenance page, or another server at the same address, has status 200 as well.
    if (Object(metadata).issuer !== url) throw new Error('the response is not the metadata of this issuer')
  }

  #schedule(): void {
    const { intervalMs } = this.#deps
    if (!this.#watching) return
    this.#suspected = false
    const { count = 0 } = this.#failures ?? {}
    this.#wakeIn(spread(count === 0 ? intervalMs : Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (count - 1))))
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#suspected = false
      void this.#probe()
    }, ms).unref()
  }
}

/** A proxy in front responds with these for an issuer that is not there. */
const provesNothing = (status: number) => status >= 500 || status === 404 || (status >= 300 && status < 400)

/** Between three and five quarters of it. */
const spread = (ms: number) => ms * (0.75 + Math.random() / 2)

/** A clock that was set back makes nothing recent. */
const within = (age: number, limit: number) => age >= 0 && age < limit

/** The messages of an error and its causes: the message of fetch alone is "fetch failed". */
export function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const message = error.message || String(Reflect.get(error, 'code') ?? error.name)
  return error.cause instanceof Error ? `${message}: ${withCauses(error.cause)}` : message
}
