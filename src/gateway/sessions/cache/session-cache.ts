import type { LRUCache } from 'lru-cache'
import { boundedCache, dropExpired } from '../../../shared/bounded-cache.ts'
import type { Session } from '../session.ts'

/** A session that this process has read. Times are milliseconds since the epoch. */
export interface KnownSession {
  readonly session: Session
  /** When the store last confirmed it. */
  readonly confirmedAt: number
  /** Until then it is served without a read from the store. */
  freshUntil: number
  /** Idle and absolute limit; each use moves it. */
  expiresAt: number
  /** When the next use is written to the store. */
  touchAt: number
  /** When the tokens are due for a refresh. */
  readonly refreshAt: number
}

/** A copy without the rest of the header: V8 keeps the whole string alive for as long as a slice of it. */
const copyOf = (value: string) => Buffer.from(value, 'latin1').toString('latin1')

/** Sessions by raw cookie value: the hot path is one map lookup, without any cryptography. */
export class SessionCache {
  readonly #known: LRUCache<string, KnownSession>
  readonly #cookies = new Map<string, string>()
  #changes = 0
  #endings = 0

  constructor(maxEntries: number) {
    this.#known = boundedCache(maxEntries, ({ session }, value, reason) => {
      if (reason !== 'set' && this.#cookies.get(session.key) === value) this.#cookies.delete(session.key)
    })
  }

  get(value: string): KnownSession | undefined {
    return this.#known.get(value)
  }

  /** Keeps what the store just confirmed. Sessions that have expired by then give up their place. */
  set(value: string, known: KnownSession): void {
    dropExpired(this.#known, ({ expiresAt }) => expiresAt <= known.confirmedAt)
    const own = this.#cookies.get(known.session.key) ?? copyOf(value)
    this.#cookies.set(known.session.key, own)
    this.#known.set(own, known)
  }

  delete(value: string): void {
    this.#known.delete(value)
  }

  /** The cookie value of a session in the cache. */
  cookieOf(key: string): string | undefined {
    return this.#cookies.get(key)
  }

  /** Removes a session that changed or ended in the store. */
  drop(key: string, ended: boolean): void {
    this.#changes++
    if (ended) this.#endings++
    const value = this.#cookies.get(key)
    if (value !== undefined) this.#known.delete(value)
  }

  /** Grows with each {@link drop}: what was read from the store before a change must not be cached after it. */
  get changes(): number {
    return this.#changes
  }

  /** Grows with each session that ended: what this process writes may have ended before the store confirms it. */
  get endings(): number {
    return this.#endings
  }
}
