/** A process that ran this long counts as healthy, ms. */
const HEALTHY_MS = 10_000
const FIRST_PAUSE_MS = 500
const LAST_PAUSE_MS = 30_000

/** The pause before a worker that exited is replaced: none after a healthy run, doubled after each short one. */
export class BackOff {
  #shortRuns = 0

  /** @param livedMs How long the process ran */
  pauseAfter(livedMs: number): number {
    if (livedMs >= HEALTHY_MS) {
      this.#shortRuns = 0
      return 0
    }
    this.#shortRuns += 1
    return Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#shortRuns - 1))
  }
}
