import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import type { KnownSession } from './cache.ts'
import { deriveKeys, indexKey, recordKey, type SessionKeyRing, type SessionKeys } from './crypto/session-keys.ts'
import { KnownSessions, refuseStoreDown } from './known.ts'
import { Limits } from './limits.ts'
import { SessionRecords } from './records.ts'
import { Refresher, RefreshMemory, type RefreshTokens } from './refresh.ts'
import type { Session, Tokens } from './session.ts'
import { SessionCookie } from './session-cookie.ts'
import type { SessionBackend } from './stores/backend.ts'

export interface SessionsDeps {
  readonly config: Pick<Config, 'session' | 'cookie' | 'server'>
  readonly backend: SessionBackend
  readonly clock: Clock
  readonly log: Logger
  /** Absent: tokens are never refreshed. */
  readonly refresh?: RefreshTokens
  /** Of the sessions that these replace in this process. Absent: they are the first. */
  readonly refreshMemory?: RefreshMemory
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

/** The sessions of all browsers: cookies, limits, sealing, caching and refresh above one {@link SessionBackend}. */
export class Sessions {
  readonly cookieName: string
  readonly refreshMemory: RefreshMemory
  readonly #backend: SessionBackend
  readonly #clock: Clock
  readonly #ring: SessionKeyRing
  readonly #cookie: SessionCookie
  readonly #records: SessionRecords
  readonly #known: KnownSessions
  readonly #refresher: Refresher

  constructor({ config, backend, clock, log, refresh, refreshMemory = new RefreshMemory() }: SessionsDeps) {
    this.#backend = backend
    this.refreshMemory = refreshMemory
    this.#clock = clock
    this.#ring = deriveKeys(config.session.secrets)
    this.#cookie = new SessionCookie(config, this.#ring)
    this.cookieName = this.#cookie.name
    const limits = new Limits(config.session)
    this.#records = new SessionRecords({ backend, ring: this.#ring, limits, clock, log })
    const dueAt = (session: Session) => this.#refresher.dueAt(session)
    const shared = { backend, clock, log }
    this.#known = new KnownSessions({ ...shared, config: config.session, records: this.#records, limits, dueAt })
    const store = {
      read: (key: string) => this.#known.read(key),
      update: (key: string, change: (session: Session) => Session | undefined) => this.#known.update(key, change),
      end: (key: string) => backend.end(key),
    }
    this.#refresher = new Refresher({ ...shared, config: config.session, store, refresh, memory: refreshMemory })
  }

  /**
   * Answers from memory: the session, `'none'` when the request certainly has none (no cookie, malformed, forged, sent
   * twice), undefined when only {@link load} can tell. This is the hot path: no I/O, no cryptography for a known cookie.
   */
  peek(cookieHeader: string | undefined): Session | 'none' | undefined {
    const value = this.#cookie.read(cookieHeader)
    if (value === undefined) return 'none'
    const now = this.#clock()
    const known = this.#known.fresh(value, now)
    if (known === undefined) return this.#cookie.signer(value) === undefined ? 'none' : undefined
    if (now >= known.refreshAt && !this.#refresher.serves(known.session, now)) return undefined
    this.#known.used(known, now)
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
    const known = this.#known.fresh(value, now) ?? (await this.#ask(value))
    if (known === undefined) return undefined
    this.#known.used(known, now)
    return this.#refresher.current(known.session)
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
    this.#known.keep(value, created)
    return { session, setCookie: this.#cookie.set(value) }
  }

  /** Remembers the project that the person selected. @throws Refusal `store-down`, or `login-required` when it ended. */
  async selectProject(session: Session, id: string | undefined): Promise<Session> {
    const selected = await this.#known
      .update(session.key, ({ selectedProject: _former, ...rest }) =>
        id === undefined ? rest : { ...rest, selectedProject: id },
      )
      .catch(refuseStoreDown)
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

  /** Ends every session of a subject. @returns their number @throws Refusal `store-down` */
  endBySubject(issuer: string, subject: string): Promise<number> {
    return this.#endAll((keys) => this.#backend.endBySubject(indexKey(keys, 'subject', issuer, subject)))
  }

  /**
   * Ends the sessions that began in one session at the issuer (OIDC Back-Channel Logout §2.7).
   * @param subject Ends those of this subject only; absent: of any.
   * @returns their number
   * @throws Refusal `store-down`
   */
  endBySid(issuer: string, sid: string, subject?: string): Promise<number> {
    return this.#endAll((keys) => {
      const subjectKey = subject === undefined ? undefined : indexKey(keys, 'subject', issuer, subject)
      return this.#backend.endBySid(indexKey(keys, 'sid', issuer, sid), subjectKey)
    })
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

  /** Others on the same store have taken over; requests that began with these may still finish. */
  retire(): void {
    this.#known.retire()
  }

  /** Waits for refreshes under way, then closes the store. */
  async close(): Promise<void> {
    await this.#refresher.settled()
    await this.#backend.close()
  }

  async #ask(value: string): Promise<KnownSession | undefined> {
    const key = this.#keyOf(value)
    return key === undefined ? undefined : this.#known.ask(value, key)
  }

  #keyOf(value: string | undefined): string | undefined {
    const keys = value === undefined ? undefined : this.#cookie.signer(value)
    return keys && value && recordKey(keys, this.#cookie.idOf(value))
  }

  /** Each secret has index keys of its own. */
  async #endAll(end: (keys: SessionKeys) => Promise<string[]>): Promise<number> {
    return (await Promise.all(this.#ring.map(end)).catch(refuseStoreDown)).flat().length
  }
}
