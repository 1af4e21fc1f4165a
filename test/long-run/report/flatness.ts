import { MEASURES, type Measure, type Sample } from './samples.ts'

/** A measure at the beginning and at the end of the traffic. */
export interface Flatness {
  readonly measure: Measure
  /** Medians of the first quarter after the warm-up, and of the last one; of what keeps peaks, of the second half. */
  readonly early: number
  readonly late: number
  readonly tolerance: number
  readonly isFlat: boolean
}

const LONG_SECONDS = 600

/** Not compared: code is being compiled, caches and pools fill. In seconds. */
export const warmUpSeconds = (seconds: number): number => Math.min(180, seconds / 5)

/** Compares the quarters. @throws Error if a quarter has no sample */
export function flatnessOf(samples: readonly Sample[], minutes: number): Flatness[] {
  const seconds = minutes * 60
  return MEASURES.map((measure) => {
    const from = measure.keepsPeaks ? seconds / 2 : warmUpSeconds(seconds)
    const quarter = (seconds - from) / 4
    const between = (first: number, last: number) =>
      samples.filter(({ at, isCollected }) => at >= first && at < last && (isCollected || !measure.afterCollection))
    const [early, late] = [between(from, from + quarter), between(seconds - quarter, seconds)].map((quarterly) =>
      median(quarterly.map(measure.of)),
    ) as [number, number]
    const tolerance = seconds < LONG_SECONDS ? measure.tolerance.short : measure.tolerance.long
    return { measure, early, late, tolerance, isFlat: late - early <= tolerance }
  })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (low === undefined || high === undefined) throw new Error('expected at least one sample in each quarter, got none')
  return (low + high) / 2
}
