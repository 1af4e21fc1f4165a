import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import { type KnownSession, SessionCache } from './cache.ts'
import type { Limits } from './limits.ts'
import type { OpenedSession, SessionRecords } from './records.ts'
import type { Session } from './session.ts'
import { type SessionBackend, StoreDown } from './stores/backend.ts'

/** How long a session goes on from memory after the store failed, before it is asked again. Milliseconds. */
const STORE_RETRY_MS = 1000

/** A store that cannot answer becomes a refusal that clears no cookie; every other error stays what it is. */
export function refuseStoreDown(error: unknown): never {
  if (!(error instanceof StoreDown)) throw error
  throw new Refusal('store-down', error.message, { cause: error, headers: { 'Retry-After': '5' } })
}

export interface KnownSessionsDeps {
  readonly config: Config['session']
  readonly backend: SessionBackend
  readonly records: SessionRecords
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Logger
  /** When a session's tokens are due for a refresh, in milliseconds since the epoch. */
  readonly dueAt: (session: Session) => number
}

/** What this process knows of the sessions in the store, and for how long that may be believed. */
export class KnownSessions {
  readonly #deps: KnownSessionsDeps
  readonly #cache: SessionCache
  readonly #freshFor: number
  readonly #staleFor: number
  readonly #asking = new Map<string, Promise<KnownSession | undefined>>()
  readonly #unsubscribe: () => void
  #storeFailed = false

  constructor(deps: KnownSessionsDeps) {
    const { config, backend } = deps
    this.#deps = deps
    this.#cache = new SessionCache(config.cacheEntries)
    // alone in its store, a process hears of every change: what it knows stays true
    this.#freshFor = backend.shared ? config.cacheSeconds * 1000 : Number.POSITIVE_INFINITY
    this.#staleFor = config.staleSeconds * 1000
    this.#unsubscribe = backend.onChange(({ key }) => this.#cache.drop(key))
  }

  /** Hears of no more changes: for what was replaced and serves no new request. */
  retire(): void {
    this.#unsubscribe()
  }

  /** The session of a cookie's value when it may be served without asking the store. */
  fresh(value: string, now: number): KnownSession | undefined {
    const known = this.#cache.get(value)
    return known !== undefined && now < known.freshUntil && now < known.expiresAt ? known : undefined
  }

  /**
   * Asks the store for the session of a cookie's value, once for all who ask at the same time.
   * @throws Refusal `store-down` when the store fails and the session is not known, or was confirmed too long ago
   */
  ask(value: string, key: string): Promise<KnownSession | undefined> {
    const running = this.#asking.get(value)
    if (running !== undefined) return running
    const asked = this.#ask(value, key).finally(() => this.#asking.delete(value))
    this.#asking.set(value, asked)
    return asked
  }

  /** The session under a key as the store has it now. Rejects with StoreDown. */
  async read(key: string): Promise<Session | undefined> {
    return (await this.#read(key, this.#cache.cookieOf(key)))?.session
  }

  /** See {@link SessionRecords.update}; this process knows the outcome at once. Rejects with StoreDown. */
  async update(key: string, change: (session: Session) => Session | undefined): Promise<Session | undefined> {
    const value = this.#cache.cookieOf(key) // before the write, which makes the cache forget it
    const opened = await this.#deps.records.update(key, change)
    if (opened !== undefined && value !== undefined) this.keep(value, opened)
    return opened?.session
  }

  /** Remembers what the store just confirmed. */
  keep(value: string, opened: OpenedSession): KnownSession {
    const known = this.#known(opened)
    this.#cache.set(value, known)
    return known
  }

  /** Moves the idle limit; the store is told behind the request, and seldom. */
  used(known: KnownSession, now: number): void {
    const { backend, limits, log } = this.#deps
    const { session } = known
    known.expiresAt = limits.expiry(session, now)
    if (now < known.touchAt) return
    known.touchAt = now + limits.touchEvery
    setImmediate(() => {
      backend.touch(session.key, known.expiresAt).catch((err: unknown) => {
        log.warn({ err, session: session.key.slice(0, 8) }, 'the use of a session could not be stored')
      })
    })
  }

  async #ask(value: string, key: string): Promise<KnownSession | undefined> {
    try {
      const known = await this.#read(key, value)
      if (known === undefined) this.#cache.delete(value)
      if (this.#storeFailed) this.#deps.log.info('the session store answers again')
      this.#storeFailed = false
      return known
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error
      if (!this.#storeFailed) this.#deps.log.error({ err: error }, 'the session store is down, known sessions go on')
      this.#storeFailed = true
      return this.#stale(value, error)
    }
  }

  /** Reads a session and keeps it under its cookie's value, where that is known. */
  async #read(key: string, value: string | undefined): Promise<KnownSession | undefined> {
    const { changes } = this.#cache
    const opened = await this.#deps.records.read(key)
    if (opened === undefined) return undefined
    // changed while it was read: good for this request, which came before, and for no later one
    return value !== undefined && changes === this.#cache.changes ? this.keep(value, opened) : this.#known(opened)
  }

  /** A session known from before the store failed, no later than `staleSeconds` after the store vouched for it. */
  #stale(value: string, error: StoreDown): KnownSession {
    const now = this.#deps.clock()
    const known = this.#cache.get(value)
    const until = known === undefined ? 0 : Math.min(known.confirmedAt + this.#staleFor, known.expiresAt)
    if (known === undefined || now >= until) return refuseStoreDown(error)
    known.freshUntil = Math.min(now + STORE_RETRY_MS, until)
    return known
  }

  #known({ session, expiresAt }: OpenedSession): KnownSession {
    const { limits, clock, dueAt } = this.#deps
    const now = clock()
    const latest = limits.expiry(session, now)
    return {
      session,
      expiresAt: Math.min(expiresAt, latest),
      confirmedAt: now,
      freshUntil: now + this.#freshFor,
      // Written under a longer idle limit than the one in force: the store is told at once.
      touchAt: expiresAt > latest ? now : limits.touchAt(session, expiresAt),
      refreshAt: dueAt(session),
    }
  }
}
