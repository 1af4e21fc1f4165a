import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../config/schema.ts'
import { Refusal } from '../../errors.ts'
import type { OpenedSession, SessionRecords } from '../records/session-records.ts'
import type { Session } from '../session.ts'
import type { SessionLimits } from '../session-limits.ts'
import { type SessionBackend, StoreDown } from '../stores/backend.ts'
import { type KnownSession, SessionCache } from './session-cache.ts'

/** How long a session is served from memory after the store failed, before the store is read again. Milliseconds. */
const STORE_RETRY_MS = 1000

/** Turns StoreDown into a refusal, which clears no cookie. @throws Refusal `store-down`, or the error itself */
export function refuseStoreDown(error: unknown): never {
  if (!(error instanceof StoreDown)) throw error
  throw new Refusal('store-down', error.message, { cause: error })
}

export interface KnownSessionsDeps {
  readonly config: Config['session']
  readonly backend: SessionBackend
  readonly records: SessionRecords
  readonly limits: SessionLimits
  readonly clock: Clock
  readonly log: Logger
  /** When a session's tokens are due for a refresh, in milliseconds since the epoch. */
  readonly dueAt: (session: Session) => number
}

/** What this process knows of the sessions in the store, and for how long it may rely on it. */
export class KnownSessions {
  readonly #deps: KnownSessionsDeps
  readonly #cache: SessionCache
  readonly #freshFor: number
  readonly #staleFor: number
  readonly #loading = new Map<string, Promise<KnownSession | undefined>>()
  readonly #unsubscribe: () => void
  #storeFailed = false

  constructor(deps: KnownSessionsDeps) {
    const { config, backend } = deps
    this.#deps = deps
    this.#cache = new SessionCache(config.cacheEntries)
    // the only process of its store hears of every change: what it knows stays true
    this.#freshFor = backend.shared ? config.cacheSeconds * 1000 : Number.POSITIVE_INFINITY
    this.#staleFor = config.staleSeconds * 1000
    this.#unsubscribe = backend.onChange(({ key, ended }) => this.#cache.drop(key, ended))
  }

  /** Stops hearing of changes: for sessions that were replaced and serve no new request. */
  retire(): void {
    this.#unsubscribe()
  }

  /** The session of a cookie value, if it may be served without a read from the store. */
  fresh(value: string, now: number): KnownSession | undefined {
    const known = this.#cache.get(value)
    return known !== undefined && now < known.freshUntil && now < known.expiresAt ? known : undefined
  }

  /**
   * Reads the session of a cookie value from the store, once for all requests that wait for it.
   * @throws Refusal `store-down` when the store fails and the session is unknown, or was confirmed too long ago
   */
  load(value: string, key: string): Promise<KnownSession | undefined> {
    const running = this.#loading.get(value)
    if (running !== undefined) return running
    const started = this.#load(value, key).finally(() => this.#loading.delete(value))
    this.#loading.set(value, started)
    return started
  }

  /** The session under a key, as the store has it now. @throws StoreDown */
  async read(key: string): Promise<Session | undefined> {
    return (await this.#read(key, this.#cache.cookieOf(key)))?.session
  }

  /** Stores a new session under its cookie value; this process knows it at once. @throws StoreDown */
  async create(value: string, session: Session): Promise<void> {
    const { endings } = this.#cache
    const created = await this.#deps.records.create(session)
    if (endings === this.#cache.endings) this.#keep(value, created)
  }

  /** See {@link SessionRecords.update}; this process knows the outcome at once. @throws StoreDown */
  async update(key: string, change: (session: Session) => Session | undefined): Promise<Session | undefined> {
    const { endings } = this.#cache
    const value = this.#cache.cookieOf(key) // before the write, which removes the session from the cache
    const opened = await this.#deps.records.update(key, change)
    // A session that ended meanwhile must not come back; any other is read from the store by its next request.
    if (opened !== undefined && value !== undefined && endings === this.#cache.endings) this.#keep(value, opened)
    return opened?.session
  }

  /** Caches what the store just confirmed. */
  #keep(value: string, opened: OpenedSession): KnownSession {
    const known = this.#known(opened)
    this.#cache.set(value, known)
    return known
  }

  /** Moves the idle limit. The store is written after the request, and seldom. */
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

  async #load(value: string, key: string): Promise<KnownSession | undefined> {
    try {
      const known = await this.#read(key, value)
      if (known === undefined) this.#cache.delete(value)
      if (this.#storeFailed) this.#deps.log.info('the session store responds again')
      this.#storeFailed = false
      return known
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error
      if (!this.#storeFailed)
        this.#deps.log.error({ err: error }, 'the session store is down; known sessions stay in use')
      this.#storeFailed = true
      return this.#stale(value, error)
    }
  }

  /** Reads a session and caches it under its cookie value, where that is known. */
  async #read(key: string, value: string | undefined): Promise<KnownSession | undefined> {
    const { changes } = this.#cache
    const opened = await this.#deps.records.read(key)
    if (opened === undefined) return undefined
    // changed during the read: valid for this request, which came before, and for no later one
    return value !== undefined && changes === this.#cache.changes ? this.#keep(value, opened) : this.#known(opened)
  }

  /** A session known from before the store failed, until `staleSeconds` after the store last confirmed it. */
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
      // Written under a longer idle limit than the current one: the store is corrected at once.
      touchAt: expiresAt > latest ? now : limits.touchAt(session, expiresAt),
      refreshAt: dueAt(session),
    }
  }
}
