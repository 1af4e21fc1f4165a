import { COUNTERS, type Instrumented, MAX_EDGES } from './instrument.ts'

/** An edge, and about how often it was taken: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more. */
const BUCKETS = 8

function bucketOf(count: number): number {
  if (count < 4) return count - 1
  return count < 8 ? 3 : count < 16 ? 4 : count < 32 ? 5 : count < 128 ? 6 : 7
}

/** The edge of a feature. */
export const edgeOf = (feature: number) => Math.floor(feature / BUCKETS)

/** What inputs reach. */
export class Coverage {
  readonly #counters = new Uint8Array(MAX_EDGES)
  /** For each edge, a bit for each bucket. */
  readonly #seen = new Uint8Array(MAX_EDGES)
  readonly #instrumented: Instrumented

  /** Counts from now on. Before the first module is instrumented. */
  constructor(instrumented: Instrumented) {
    this.#instrumented = instrumented
    Object.assign(globalThis, { [COUNTERS]: this.#counters })
  }

  reset(): void {
    this.#counters.fill(0, 0, this.#instrumented.edges.length)
  }

  /** What the last input was the first to reach. */
  news(): number[] {
    const news: number[] = []
    const { length } = this.#instrumented.edges
    for (let edge = 0; edge < length; edge++) {
      const count = this.#counters[edge] as number
      if (count === 0) continue
      const bit = 1 << bucketOf(count)
      const seen = this.#seen[edge] as number
      if ((seen & bit) !== 0) continue
      this.#seen[edge] = seen | bit
      news.push(edge * BUCKETS + bucketOf(count))
    }
    return news
  }

  /** All that the last input reached. */
  features(): number[] {
    const features: number[] = []
    const { length } = this.#instrumented.edges
    for (let edge = 0; edge < length; edge++) {
      const count = this.#counters[edge] as number
      if (count !== 0) features.push(edge * BUCKETS + bucketOf(count))
    }
    return features
  }

  /** Edges reached by any input. */
  get reached(): number {
    let reached = 0
    for (let edge = 0; edge < this.#instrumented.edges.length; edge++) if (this.#seen[edge] !== 0) reached++
    return reached
  }

  get total(): number {
    return this.#instrumented.edges.length
  }

  /** Edges that no input reached, as `file:line`. */
  missed(): string[] {
    return this.#instrumented.edges
      .filter((_, edge) => this.#seen[edge] === 0)
      .map(({ file, line }) => `${file}:${line}`)
  }
}

/** The fewest inputs, nearly, that reach all features; the shortest first. */
export function coveringSet<T extends { readonly input: Buffer; readonly features: readonly number[] }>(
  all: readonly T[],
): { readonly item: T; readonly owns: readonly number[] }[] {
  const covered = new Set<number>()
  const sorted = all.toSorted((a, b) => a.input.length - b.input.length)
  return sorted.flatMap((item) => {
    const owns = item.features.filter((feature) => !covered.has(feature))
    for (const feature of owns) covered.add(feature)
    return owns.length > 0 ? [{ item, owns }] : []
  })
}
