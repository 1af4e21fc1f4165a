import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { digest } from '../../shared/digest.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import { KnownSessions, refuseStoreDown } from './cache/known-sessions.ts'
import type { KnownSession } from './cache/session-cache.ts'
import { deriveKeys, indexKey, recordKey, type SessionKeyRing, type SessionKeys } from './crypto/session-keys.ts'
import { SealedJournal } from './journal/sealed-journal.ts'
import { SessionRecords } from './records/session-records.ts'
import { observeRefresh } from './refresh/observed-refresh.ts'
import { RefreshMemory } from './refresh/refresh-memory.ts'
import { type RefreshCause, Refresher, type RefreshTokens } from './refresh/refresher.ts'
import type { Session, Tokens } from './session.ts'
import { SessionCookie } from './session-cookie.ts'
import type { EndCause, SessionEvents } from './session-events.ts'
import { SessionLimits } from './session-limits.ts'
import type { SessionBackend } from './stores/backend.ts'

export interface SessionsDeps {
  readonly config: Pick<Config, 'session' | 'cookie' | 'server'>
  readonly backend: SessionBackend
  readonly clock: Clock
  readonly log: Logger
  /** Absent: tokens are never refreshed. */
  readonly refresh?: RefreshTokens
  /** That of the sessions which these replace in this process. Absent: there are none. */
  readonly refreshMemory?: RefreshMemory
  readonly events?: SessionEvents
}

/** What a sign-in provides. */
export interface NewSession {
  readonly principal: Principal
  readonly tokens: Tokens
  /** The `sid` claim of the ID token. */
  readonly sid?: string
  /** The `auth_time` claim of the ID token, in milliseconds since the epoch. */
  readonly authenticatedAt?: number
  /** The `acr` claim of the ID token. */
  readonly acr?: string
  /** The project that the same user had selected before. */
  readonly selectedProject?: string
  readonly userAgent?: string
  readonly clientAddress?: string
}

const USER_AGENT_LENGTH = 200

/** The sessions of all browsers: cookies, limits, sealing, caching and refresh on top of a {@link SessionBackend}. */
export class Sessions {
  readonly refreshMemory: RefreshMemory
  /** Journals in the same store. */
  readonly journal: SealedJournal
  readonly #backend: SessionBackend
  readonly #clock: Clock
  readonly #events: SessionEvents | undefined
  readonly #ring: SessionKeyRing
  readonly #cookie: SessionCookie
  readonly #records: SessionRecords
  readonly #known: KnownSessions
  readonly #refresher: Refresher

  constructor({ config, backend, clock, log, refresh, refreshMemory = new RefreshMemory(), events }: SessionsDeps) {
    this.#events = events
    this.#backend = backend
    this.refreshMemory = refreshMemory
    this.journal = new SealedJournal(backend, config.session.secrets)
    this.#clock = clock
    this.#ring = deriveKeys(config.session.secrets)
    this.#cookie = new SessionCookie(config, this.#ring)
    const limits = new SessionLimits(config.session)
    this.#records = new SessionRecords({ backend, ring: this.#ring, limits, clock, log })
    const dueAt = (session: Session) => this.#refresher.dueAt(session)
    const shared = { backend, clock, log }
    this.#known = new KnownSessions({ ...shared, config: config.session, records: this.#records, limits, dueAt })
    const store = {
      read: (key: string) => this.#known.read(key),
      update: (key: string, change: (session: Session) => Session | undefined) => this.#known.update(key, change),
      end: (key: string) => this.#counted('grant', backend.end(key)),
    }
    const refreshing = refresh && events ? observeRefresh(refresh, events) : refresh
    const settings = { config: config.session, refresh: refreshing, memory: refreshMemory }
    this.#refresher = new Refresher({ ...shared, ...settings, store })
  }

  /**
   * Looks a session up in memory. This is the hot path: no I/O, and no cryptography for a known cookie.
   * @returns the session; `'none'` when the request has none (no cookie, malformed, forged, sent twice); undefined when
   * only {@link load} can tell
   */
  peek(cookieHeader: string | undefined, cause?: RefreshCause): Session | 'none' | undefined {
    const value = this.#cookie.read(cookieHeader)
    if (value === undefined) return 'none'
    const now = this.#clock()
    const known = this.#known.fresh(value, now)
    if (known === undefined) {
      if (this.#cookie.signer(value) === undefined) return 'none'
      this.#events?.lookedUp(false)
      return undefined
    }
    this.#events?.lookedUp(true)
    if (now >= known.refreshAt && !this.#refresher.serves(known.session, now, cause)) return undefined
    this.#known.used(known, now)
    return known.session
  }

  /**
   * The session of a request, from memory or the store, with an access token that has not expired. However many requests
   * come at once, the store is read once and the tokens are refreshed once.
   * @throws Refusal `store-down` when neither memory nor store can tell, `issuer-down` when the tokens have expired and
   * cannot be refreshed. The browser must keep its cookie.
   */
  async load(cookieHeader: string | undefined, cause?: RefreshCause): Promise<Session | undefined> {
    const now = this.#clock()
    const known = await this.#find(cookieHeader, now)
    if (known === undefined) return undefined
    this.#known.used(known, now)
    return this.#refresher.current(known.session, cause)
  }

  /**
   * The session of a request whatever its tokens are, for those who end it: that needs no issuer, and is no use of it.
   * @throws Refusal `store-down`
   */
  async find(cookieHeader: string | undefined): Promise<Session | undefined> {
    return (await this.#find(cookieHeader, this.#clock()))?.session
  }

  /**
   * Starts a session under a new id and ends the one the browser had: no id survives a sign-in.
   * @throws Refusal `store-down`
   */
  async create(signIn: NewSession, previousCookieHeader?: string): Promise<{ session: Session; setCookie: string }> {
    const value = this.#cookie.mint()
    const { userAgent, ...rest } = signIn
    const now = this.#clock()
    const session: Session = {
      ...rest,
      key: recordKey(this.#ring[0], this.#cookie.idOf(value)),
      createdAt: now,
      lastSeenAt: now,
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, USER_AGENT_LENGTH) }),
    }
    // the new one first: a store that fails halfway signs nobody out
    await this.#known.create(value, session).catch(refuseStoreDown)
    this.#events?.created()
    const previous = this.#keyOf(this.#cookie.read(previousCookieHeader))
    if (previous !== undefined) await this.endByKey(previous, 'sign-in')
    return { session, setCookie: this.#cookie.set(value) }
  }

  /** Stores the project that the user selected. @throws Refusal `store-down`; `login-required`: the session has ended */
  async selectProject(session: Session, id: string | undefined): Promise<Session> {
    const selected = await this.#known
      .update(session.key, ({ selectedProject: _previous, ...rest }) =>
        id === undefined ? rest : { ...rest, selectedProject: id },
      )
      .catch(refuseStoreDown)
    if (selected === undefined) throw new Refusal('login-required', 'the session ended while a project was selected')
    return selected
  }

  /**
   * Ends the session under a record key, in every process.
   * @param cause Default: an administrator asked for it
   * @returns false when there was none
   * @throws Refusal `store-down`: it has not ended, and the caller must say so
   */
  endByKey(key: string, cause: EndCause = 'admin'): Promise<boolean> {
    return this.#counted(cause, this.#backend.end(key)).catch(refuseStoreDown)
  }

  /** Ends every session of a subject. @param cause Default: an administrator @returns their number @throws Refusal `store-down` */
  endBySubject(issuer: string, subject: string, cause: EndCause = 'admin'): Promise<number> {
    return this.#endAll(cause, (keys) => this.#backend.endBySubject(indexKey(keys, 'subject', issuer, subject)))
  }

  /**
   * Ends the sessions that began in one session at the issuer (OIDC Back-Channel Logout §2.7).
   * @param subject Ends those of this subject only; undefined: of any.
   * @param cause Default: the back channel of the issuer
   * @returns their number
   * @throws Refusal `store-down`
   */
  endBySid(issuer: string, sid: string, subject?: string, cause: EndCause = 'back-channel'): Promise<number> {
    return this.#endAll(cause, (keys) => {
      const subjectKey = subject === undefined ? undefined : indexKey(keys, 'subject', issuer, subject)
      return this.#backend.endBySid(indexKey(keys, 'sid', issuer, sid), subjectKey)
    })
  }

  /** A page of the unexpired sessions, newest first. `total` counts all. @throws Refusal `store-down` */
  async list(page: { offset: number; limit: number }): Promise<{ total: number; sessions: Session[] }> {
    const { total, records } = await this.#backend.list(page).catch(refuseStoreDown)
    return { total, sessions: records.flatMap((record) => this.#records.open(record)?.session ?? []) }
  }

  /** Calls back with the key of each session that ended, in any process. @returns the unsubscribe function */
  onEnded(listener: (key: string) => void): () => void {
    return this.#backend.onChange(({ key, ended }) => {
      if (ended) listener(key)
    })
  }

  /** `Set-Cookie` that removes the session cookie. */
  clearCookie(): string {
    return this.#cookie.clear()
  }

  /** True once per name until `ttlSeconds` have passed, over all processes. @throws Refusal `store-down` */
  claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    const hashed = digest(name) // names contain states and token IDs
    return this.#backend.claimOnce(hashed, ttlSeconds).catch(refuseStoreDown)
  }

  /** @throws Refusal `store-down` */
  ping(): Promise<void> {
    return this.#backend.ping().catch(refuseStoreDown)
  }

  /** Stops hearing of changes: others on the same store have taken over. Running requests may still finish. */
  retire(): void {
    this.#known.retire()
  }

  /** Waits for running refreshes, then closes the store. */
  async close(): Promise<void> {
    await this.#refresher.settled()
    await this.#backend.close()
  }

  async #find(cookieHeader: string | undefined, now: number): Promise<KnownSession | undefined> {
    const value = this.#cookie.read(cookieHeader)
    return value === undefined ? undefined : (this.#known.fresh(value, now) ?? this.#loadKnown(value))
  }

  async #loadKnown(value: string): Promise<KnownSession | undefined> {
    const key = this.#keyOf(value)
    return key === undefined ? undefined : this.#known.load(value, key)
  }

  #keyOf(value: string | undefined): string | undefined {
    const keys = value === undefined ? undefined : this.#cookie.signer(value)
    return keys && value && recordKey(keys, this.#cookie.idOf(value))
  }

  /** Each secret has index keys of its own. */
  async #endAll(cause: EndCause, end: (keys: SessionKeys) => Promise<string[]>): Promise<number> {
    const ended = (await Promise.all(this.#ring.map(end)).catch(refuseStoreDown)).flat().length
    this.#events?.ended(cause, ended)
    return ended
  }

  async #counted(cause: EndCause, ending: Promise<boolean>): Promise<boolean> {
    const ended = await ending
    this.#events?.ended(cause, Number(ended))
    return ended
  }
}
