import type { Descriptors } from '../probe/descriptors.ts'
import type { Readings } from '../probe/readings.ts'
import type { Replica } from '../world/replica.ts'

/** The state of a replica at one time. */
export interface Sample extends Readings {
  /** Seconds since the traffic began. */
  readonly at: number
  /** Whether garbage was collected just before. */
  readonly isCollected: boolean
  readonly descriptors: Descriptors
}

export const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

export async function sampleOf({ probe, descriptors }: Replica, startedAt: number, collect: boolean): Promise<Sample> {
  const readings = await probe.ask(collect ? 'collect-and-read' : 'read')
  const at = (performance.now() - startedAt) / 1000
  return { ...readings, at, isCollected: collect, descriptors: descriptors() }
}

/** What is drawn and compared, in the unit of its name. */
export interface Measure {
  readonly name: string
  readonly unit: string
  /** Whether only samples right after a collection count: garbage is not growth. */
  readonly afterCollection: boolean
  /**
   * Compared in the second half alone: V8 and the allocator keep what a peak once needed, and at first the peaks of mixed
   * traffic add up.
   */
  readonly keepsPeaks?: true
  readonly of: (sample: Sample) => number
  /** How much more the last quarter may have than the first: of any length, and of a run of less than ten minutes. */
  readonly tolerance: { readonly long: number; readonly short: number }
}

const MIB = 1_048_576

/**
 * MiB. V8 takes and keeps the pages of its young generation (48 MiB) when it likes; 16 MiB as in the benchmarks for the rest.
 * What is in use is measured by the heap after a collection, which may rise by far less.
 */
const V8_PAGES = 48 + 16

/** In a short run, code is still being compiled and caches fill. */
export const MEASURES: readonly Measure[] = [
  {
    ...{ name: 'resident memory', unit: 'MiB', afterCollection: false, keepsPeaks: true },
    of: ({ rss }) => rss / MIB,
    tolerance: { long: V8_PAGES, short: V8_PAGES },
  },
  {
    ...{ name: 'heap after a collection', unit: 'MiB', afterCollection: true },
    of: ({ heapUsed }) => heapUsed / MIB,
    tolerance: { long: 3, short: 12 },
  },
  {
    ...{ name: 'external memory after a collection', unit: 'MiB', afterCollection: true },
    of: ({ external }) => external / MIB,
    tolerance: { long: 4, short: 8 },
  },
  {
    ...{ name: 'open descriptors', unit: '', afterCollection: false },
    of: ({ descriptors }) => descriptors.count,
    tolerance: { long: 6, short: 12 },
  },
  {
    ...{ name: 'sockets', unit: '', afterCollection: false },
    of: ({ descriptors }) => total(descriptors.states),
    tolerance: { long: 6, short: 12 },
  },
  {
    ...{ name: 'timers', unit: '', afterCollection: false },
    of: ({ timers }) => total(timers),
    tolerance: { long: 6, short: 12 },
  },
  {
    ...{ name: 'handles', unit: '', afterCollection: false },
    of: ({ resources }) => total(resources),
    tolerance: { long: 6, short: 12 },
  },
  {
    ...{ name: 'event loop delay, 99th percentile', unit: 'ms', afterCollection: false },
    of: ({ loopDelay }) => loopDelay.p99,
    // It is that of the machine, which others use as well: drawn, not compared.
    tolerance: { long: Number.POSITIVE_INFINITY, short: Number.POSITIVE_INFINITY },
  },
]
