import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import { type SessionBackend, StoreDown } from './backend.ts'
import { type KnownSession, SessionCache } from './cache.ts'
import { SessionCookie } from './cookie.ts'
import { deriveKeys, indexKey, type KeyRing, recordKey } from './keys.ts'
import { Limits } from './limits.ts'
import { type OpenedSession, SessionRecords } from './records.ts'
import { Refresher, type RefreshTokens } from './refresh.ts'
import type { Session, Tokens } from './session.ts'

export interface SessionsDeps {
  readonly config: Pick<Config, 'session' | 'cookie' | 'server'>
  readonly backend: SessionBackend
  readonly clock: Clock
  readonly log: Logger
  /** Absent: tokens are never refreshed. */
  readonly refresh?: RefreshTokens
}

/** What a login brings. */
export interface NewSession {
  readonly principal: Principal
  readonly tokens: Tokens
  /** The `sid` claim of the ID token. */
  readonly sid?: string
  readonly userAgent?: string
}

const USER_AGENT_LENGTH = 200
/** How long a session goes on from memory after the store failed, before it is asked again. Milliseconds. */
const STORE_RETRY_MS = 1000

/** A store that cannot answer becomes a refusal that clears no cookie; every other error stays what it is. */
function refuseStoreDown(error: unknown): never {
  if (!(error instanceof StoreDown)) throw error
  throw new Refusal('store-down', error.message, { cause: error, headers: { 'Retry-After': '5' } })
}

/** The sessions of all browsers: cookies, limits, sealing, caching and refresh above one {@link SessionBackend}. */
export class Sessions {
  readonly cookieName: string
  readonly #backend: SessionBackend
  readonly #clock: Clock
  readonly #log: Logger
  readonly #ring: KeyRing
  readonly #cookie: SessionCookie
  readonly #limits: Limits
  readonly #records: SessionRecords
  readonly #cache: SessionCache
  readonly #freshFor: number
  readonly #staleFor: number
  readonly #refresher: Refresher
  readonly #asking = new Map<string, Promise<KnownSession | undefined>>()

  constructor({ config, backend, clock, log, refresh }: SessionsDeps) {
    this.#backend = backend
    this.#clock = clock
    this.#log = log
    this.#ring = deriveKeys(config.session.secrets)
    this.#cookie = new SessionCookie(config, this.#ring)
    this.cookieName = this.#cookie.name
    this.#limits = new Limits(config.session)
    this.#records = new SessionRecords({ backend, ring: this.#ring, limits: this.#limits, clock, log })
    this.#cache = new SessionCache(config.session.cacheEntries)
    // alone in its store, a process hears of every change: what it knows stays true
    this.#freshFor = backend.shared ? config.session.cacheSeconds * 1000 : Number.POSITIVE_INFINITY
    this.#staleFor = config.session.staleSeconds * 1000
    backend.onChange(({ key }) => this.#cache.drop(key))
    const store = {
      read: async (key: string) => (await this.#read(key, this.#cache.cookieOf(key)))?.session,
      update: (key: string, change: (session: Session) => Session | undefined) => this.#update(key, change),
      end: (key: string) => backend.end(key),
    }
    this.#refresher = new Refresher({ config: config.session, backend, store, clock, log, refresh })
  }

  /**
   * Answers from memory: the session, `'none'` when the request certainly has none (no cookie, malformed, forged, sent
   * twice), undefined when only {@link load} can tell. This is the hot path: no I/O, no cryptography for a known cookie.
   */
  peek(cookieHeader: string | undefined): Session | 'none' | undefined {
    const value = this.#cookie.read(cookieHeader)
    if (value === undefined) return 'none'
    const known = this.#cache.get(value)
    if (known === undefined) return this.#cookie.signer(value) === undefined ? 'none' : undefined
    const now = this.#clock()
    if (now >= known.freshUntil || now >= known.expiresAt) return undefined
    if (now >= known.refreshAt && !this.#refresher.serves(known.session, now)) return undefined
    this.#used(known, now)
    return known.session
  }

  /**
   * The living session of a request, from memory or the store, with an access token that has not expired. However many
   * requests ask at once, the store and the issuer are asked once.
   * @throws Refusal `store-down` when neither memory nor store can tell, `issuer-down` when the tokens have expired and
   * cannot be refreshed. The cookie is to be kept.
   */
  async load(cookieHeader: string | undefined): Promise<Session | undefined> {
    const value = this.#cookie.read(cookieHeader)
    if (value === undefined) return undefined
    const now = this.#clock()
    const cached = this.#cache.get(value)
    const known =
      cached !== undefined && now < cached.freshUntil && now < cached.expiresAt ? cached : await this.#ask(value)
    if (known === undefined) return undefined
    this.#used(known, now)
    return this.#refresher.current(known.session)
  }

  /**
   * The session with an access token that has not expired, for work that goes on long after its request was admitted;
   * undefined when the issuer ended it. @throws Refusal `issuer-down`, `store-down`
   */
  fresh(session: Session): Promise<Session | undefined> {
    return this.#refresher.current(session)
  }

  /**
   * Starts a session under a new id and ends the one the browser had, so that no id outlives a login.
   * @throws Refusal `store-down`
   */
  async create(login: NewSession, formerCookieHeader?: string): Promise<{ session: Session; setCookie: string }> {
    const value = this.#cookie.mint()
    const { userAgent, ...rest } = login
    const now = this.#clock()
    const session: Session = {
      ...rest,
      key: recordKey(this.#ring[0], this.#cookie.idOf(value)),
      createdAt: now,
      lastSeenAt: now,
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, USER_AGENT_LENGTH) }),
    }
    // the new one first: a store that fails halfway logs nobody out
    const created = await this.#records.create(session).catch(refuseStoreDown)
    const former = this.#keyOf(this.#cookie.read(formerCookieHeader))
    if (former !== undefined) await this.endByKey(former)
    this.#keep(value, created)
    return { session, setCookie: this.#cookie.set(value) }
  }

  /** Remembers the project that the person selected. @throws Refusal `store-down`, or `login-required` when it ended. */
  async selectProject(session: Session, id: string | undefined): Promise<Session> {
    const selected = await this.#update(session.key, ({ selectedProject: _former, ...rest }) =>
      id === undefined ? rest : { ...rest, selectedProject: id },
    ).catch(refuseStoreDown)
    if (selected === undefined) throw new Refusal('login-required', 'the session ended while a project was selected')
    return selected
  }

  /** Ends a session everywhere. @throws Refusal `store-down`: it lives on, and the caller must say so. */
  async end(session: Session): Promise<void> {
    await this.endByKey(session.key)
  }

  /** Ends the session under a store key; false when there was none. @throws Refusal `store-down` */
  endByKey(key: string): Promise<boolean> {
    return this.#backend.end(key).catch(refuseStoreDown)
  }

  /** Ends every session of a person; resolves to their number. @throws Refusal `store-down` */
  endBySubject(issuer: string, subject: string): Promise<number> {
    return this.#endIndexed('subject', issuer, subject, (key) => this.#backend.endBySubject(key))
  }

  /** Ends the sessions of one session at the issuer (OIDC Back-Channel Logout §2.7). @throws Refusal `store-down` */
  endBySid(issuer: string, sid: string): Promise<number> {
    return this.#endIndexed('sid', issuer, sid, (key) => this.#backend.endBySid(key))
  }

  /** A page of living sessions, newest first. `total` counts all. @throws Refusal `store-down` */
  async list(page: { offset: number; limit: number }): Promise<{ total: number; sessions: Session[] }> {
    const { total, records } = await this.#backend.list(page).catch(refuseStoreDown)
    return { total, sessions: records.flatMap((record) => this.#records.open(record)?.session ?? []) }
  }

  /** Calls back with the key of each session that ended, in whatever process. Returns the unsubscribe function. */
  onEnded(listener: (key: string) => void): () => void {
    return this.#backend.onChange(({ key, ended }) => {
      if (ended) listener(key)
    })
  }

  /** `Set-Cookie` that takes the session cookie back. */
  clearCookie(): string {
    return this.#cookie.clear()
  }

  /** True once per name until `ttlSeconds` have passed, over all processes. @throws Refusal `store-down` */
  claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    const hashed = createHash('sha256').update(name).digest('base64url') // names hold states and token ids
    return this.#backend.claimOnce(hashed, ttlSeconds).catch(refuseStoreDown)
  }

  /** @throws Refusal `store-down` */
  ping(): Promise<void> {
    return this.#backend.ping().catch(refuseStoreDown)
  }

  /** Waits for refreshes under way, then closes the store. */
  async close(): Promise<void> {
    await this.#refresher.settled()
    await this.#backend.close()
  }

  #ask(value: string): Promise<KnownSession | undefined> {
    const running = this.#asking.get(value)
    if (running !== undefined) return running
    const asked = this.#lookUp(value).finally(() => this.#asking.delete(value))
    this.#asking.set(value, asked)
    return asked
  }

  async #lookUp(value: string): Promise<KnownSession | undefined> {
    const key = this.#keyOf(value)
    if (key === undefined) return undefined
    try {
      const known = await this.#read(key, value)
      if (known === undefined) this.#cache.delete(value)
      return known
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error
      return this.#stale(value, error)
    }
  }

  /** Reads a session and keeps it under its cookie's value, where that is known. */
  async #read(key: string, value: string | undefined): Promise<KnownSession | undefined> {
    const { changes } = this.#cache
    const opened = await this.#records.read(key)
    if (opened === undefined) return undefined
    // changed while it was read: good for this request, which came before, and for no later one
    return value !== undefined && changes === this.#cache.changes ? this.#keep(value, opened) : this.#known(opened)
  }

  /** A session known from before the store failed. @throws Refusal `store-down` when there is none, or for too long. */
  #stale(value: string, error: StoreDown): KnownSession {
    const now = this.#clock()
    const known = this.#cache.get(value)
    const until = known === undefined ? 0 : Math.min(known.confirmedAt + this.#staleFor, known.expiresAt)
    if (known === undefined || now >= until) return refuseStoreDown(error)
    known.freshUntil = Math.min(now + STORE_RETRY_MS, until)
    this.#log.warn({ err: error, session: known.session.key.slice(0, 8) }, 'store is down, a known session goes on')
    return known
  }

  #keep(value: string, opened: OpenedSession): KnownSession {
    const known = this.#known(opened)
    this.#cache.set(value, known)
    return known
  }

  #known({ session, expiresAt }: OpenedSession): KnownSession {
    const now = this.#clock()
    return {
      session,
      expiresAt,
      confirmedAt: now,
      freshUntil: now + this.#freshFor,
      touchAt: this.#limits.touchAt(session, expiresAt),
      refreshAt: this.#refresher.dueAt(session),
    }
  }

  /** Moves the idle limit; the store is told behind the request, and seldom. */
  #used(known: KnownSession, now: number): void {
    const { session } = known
    known.expiresAt = this.#limits.expiry(session, now)
    if (now < known.touchAt) return
    known.touchAt = now + this.#limits.touchEvery
    setImmediate(() => {
      this.#backend.touch(session.key, known.expiresAt).catch((err: unknown) => {
        this.#log.warn({ err, session: session.key.slice(0, 8) }, 'the use of a session could not be stored')
      })
    })
  }

  async #update(key: string, change: (session: Session) => Session | undefined): Promise<Session | undefined> {
    const value = this.#cache.cookieOf(key) // before the write, which makes the cache forget it
    const opened = await this.#records.update(key, change)
    if (opened !== undefined && value !== undefined) this.#keep(value, opened)
    return opened?.session
  }

  #keyOf(value: string | undefined): string | undefined {
    const keys = value === undefined ? undefined : this.#cookie.signer(value)
    return keys && value && recordKey(keys, this.#cookie.idOf(value))
  }

  async #endIndexed(
    kind: 'subject' | 'sid',
    issuer: string,
    value: string,
    end: (indexKey: string) => Promise<string[]>,
  ): Promise<number> {
    const ended = this.#ring.map((keys) => end(indexKey(keys, kind, issuer, value)))
    return (await Promise.all(ended).catch(refuseStoreDown)).flat().length
  }
}
