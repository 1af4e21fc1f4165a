import type { Session } from './session.ts'

/** When a session expires: after some idle time, and at an absolute limit. All arguments and results are milliseconds. */
export class SessionLimits {
  readonly #idle: number
  readonly #absolute: number
  /**
   * Least time between two writes of one session's expiry. Another process computes idleness from the last write, so a
   * session may expire this much early, never late.
   */
  readonly touchEvery: number

  constructor(config: { idleSeconds: number; absoluteSeconds: number }) {
    this.#idle = config.idleSeconds * 1000
    this.#absolute = config.absoluteSeconds * 1000
    this.touchEvery = Math.min(60_000, this.#idle / 10)
  }

  /** The absolute limit. */
  absoluteEnd(session: Session): number {
    return session.createdAt + this.#absolute
  }

  /** When a session used at `now` expires. */
  expiry(session: Session, now: number): number {
    return Math.min(now + this.#idle, this.absoluteEnd(session))
  }

  /** The last use that a stored expiry implies: a touch moves the expiry without sealing the session again. */
  lastSeen(session: Session, expiresAt: number): number {
    return Math.max(session.lastSeenAt, expiresAt - this.#idle)
  }

  /** When a use is written to the store next; never, once the absolute limit is what ends the session. */
  touchAt(session: Session, expiresAt: number): number {
    if (expiresAt >= this.absoluteEnd(session)) return Number.POSITIVE_INFINITY
    // from the stored expiry alone: the session's own times come from the clock of the replica that wrote it
    return expiresAt - this.#idle + this.touchEvery
  }
}
