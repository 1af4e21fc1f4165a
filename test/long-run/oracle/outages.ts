/** A time in which an upstream may be missing, in ms of `performance.now()`. */
interface Outage {
  readonly upstream: string
  readonly from: number
  until: number
}

/** How long after an upstream is ready again a request may still fail: connections to it were opened before. */
export const GRACE_MS = 2000

/** When which upstream was stopped on purpose. */
export class Outages {
  readonly #all: Outage[] = []

  /** @returns What to call when the upstream is ready again. */
  begin(upstream: string, from: number): (readyAt: number) => void {
    const outage: Outage = { upstream, from, until: Number.POSITIVE_INFINITY }
    this.#all.push(outage)
    return (readyAt) => {
      outage.until = readyAt + GRACE_MS
    }
  }

  /** Whether an exchange was under way during an outage of its upstream. */
  overlaps(upstream: string, startedAt: number, endedAt: number): boolean {
    return this.#all.some(
      (outage) => outage.upstream === upstream && startedAt <= outage.until && endedAt >= outage.from,
    )
  }

  get count(): number {
    return this.#all.length
  }
}
