/** Callers counted at most within one minute; beyond that, every further caller counts as one. */
const CALLERS = 10_000
const WINDOW_MS = 60_000
const OTHERS = ''

/** So many denials of one caller a minute are kept: one script that is denied all day must not push everybody else out. */
export class CallerLimit {
  readonly #perMinute: number
  readonly #counts = new Map<string, number>()
  #endsAt = 0

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Whether another denial of this caller is kept. @param now Milliseconds since the epoch */
  takes(caller: string, now: number): boolean {
    if (now >= this.#endsAt || this.#endsAt > now + WINDOW_MS) {
      this.#counts.clear()
      this.#endsAt = now + WINDOW_MS
    }
    const key = this.#counts.size < CALLERS || this.#counts.has(caller) ? caller : OTHERS
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#perMinute) return false
    this.#counts.set(key, count + 1)
    return true
  }
}
