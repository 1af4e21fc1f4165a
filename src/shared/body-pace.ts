/** How fast a body must arrive. */
export interface BodyPaceLimits {
  /** Longest silence, and the time over which the rate is an average; ms. */
  readonly windowMs: number
  /** 0: silence alone counts. */
  readonly minBytesPerSecond: number
}

/** The pace that `limits` demand. */
export const bodyPaceOf = (limits: { bodyIdleSeconds: number; bodyBytesPerSecond: number }): BodyPaceLimits => ({
  windowMs: limits.bodyIdleSeconds * 1000,
  minBytesPerSecond: limits.bodyBytesPerSecond,
})

/**
 * Whether the sender of a body keeps the pace. Its owner reports what has arrived, and asks when {@link deadline} has
 * passed: a piece costs no timer. Time in which the receiver does not read is not the sender's.
 */
export class BodyPace {
  readonly #windowMs: number
  readonly #minBytes: number
  #windowEnd: number
  #bytes = 0
  #lastAt: number
  #pausedAt: number | undefined

  /** @param now Of any clock in milliseconds, the same one in every call. */
  constructor({ windowMs, minBytesPerSecond }: BodyPaceLimits, now: number) {
    this.#windowMs = windowMs
    this.#minBytes = (minBytesPerSecond * windowMs) / 1000
    this.#windowEnd = now + windowMs
    this.#lastAt = now
  }

  received(bytes: number, now: number): void {
    this.#bytes += bytes
    this.#lastAt = now
  }

  /** Nothing more is read from here on. */
  pause(now: number): void {
    this.#pausedAt ??= now
  }

  /** Reading continues. */
  resume(now: number): void {
    if (this.#pausedAt === undefined) return
    this.#windowEnd += now - this.#pausedAt
    this.#lastAt = now
    this.#pausedAt = undefined
  }

  /** When to ask for a fault. */
  get deadline(): number {
    return Math.min(this.#lastAt + this.#windowMs, this.#windowEnd)
  }

  /** Why the sender is too slow, for the log. Undefined: it is not, and where a window has ended the next one has begun. */
  fault(now: number): string | undefined {
    if (now - this.#lastAt >= this.#windowMs) return 'the client sent nothing of the request body for too long'
    if (now < this.#windowEnd) return undefined
    if (this.#bytes < this.#minBytes) return 'the client sent the request body too slowly'
    this.#bytes = 0
    this.#windowEnd = now + this.#windowMs
    return undefined
  }
}
