import type { Session } from './session.ts'

/** When a session ends by time alone. All arguments and results are milliseconds. */
export class Limits {
  readonly #idle: number
  readonly #absolute: number
  /**
   * Least time between two writes of one session's expiry. A process that takes over judges idleness by the last
   * write, so a session may end this much early, never late.
   */
  readonly touchEvery: number

  constructor(config: { idleSeconds: number; absoluteSeconds: number }) {
    this.#idle = config.idleSeconds * 1000
    this.#absolute = config.absoluteSeconds * 1000
    this.touchEvery = Math.min(60_000, this.#idle / 10)
  }

  /** Whatever happens, the session ends then. */
  absoluteEnd(session: Session): number {
    return session.createdAt + this.#absolute
  }

  /** When a session used at `now` expires. */
  expiry(session: Session, now: number): number {
    return Math.min(now + this.#idle, this.absoluteEnd(session))
  }

  /** The last use that a stored expiry tells of; a touch moves the expiry without sealing the session anew. */
  lastSeen(session: Session, expiresAt: number): number {
    return Math.max(session.lastSeenAt, expiresAt - this.#idle)
  }

  /** When a use is to be written to the store next; never, once the absolute limit is what ends the session. */
  touchAt(session: Session, expiresAt: number): number {
    if (expiresAt >= this.absoluteEnd(session)) return Number.POSITIVE_INFINITY
    // by the stored expiry alone: the session's own times are those of whichever replica wrote it
    return expiresAt - this.#idle + this.touchEvery
  }
}
