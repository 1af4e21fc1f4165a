/** A process that lived this long died of bad luck, ms. */
const LONG_LIFE_MS = 10_000
const FIRST_PAUSE_MS = 500
const LAST_PAUSE_MS = 30_000

/** How long to wait before a process that died is started anew: at once after a long life, ever longer after short ones. */
export class BackOff {
  #short = 0

  /** @param livedMs How long it lived */
  pauseAfter(livedMs: number): number {
    if (livedMs >= LONG_LIFE_MS) {
      this.#short = 0
      return 0
    }
    this.#short += 1
    return Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#short - 1))
  }
}
