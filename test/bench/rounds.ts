import { type Load, type LoadResult, load } from './load.ts'
import type { Subject } from './subjects.ts'

/** What a subject did over all rounds. */
export interface Series {
  readonly name: string
  readonly rounds: readonly (LoadResult & { cpuMicroseconds: number })[]
}

/** Long enough for a compiler at run time to have seen the path: what runs for days is measured, not its first second. */
const WARM_SECONDS = 5

/** Loads the subjects in turn, round by round, so that what disturbs the machine disturbs all of them. */
export function interleave(
  subjects: readonly Subject[],
  rounds: number,
  what: Omit<Load, 'url' | 'headers'> & { path: string },
): Series[] {
  const series = subjects.map(({ name }) => ({ name, rounds: [] as (LoadResult & { cpuMicroseconds: number })[] }))
  for (const { url, headers } of subjects) load({ ...what, url: url + what.path, headers, seconds: WARM_SECONDS })
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { url, headers, process, asked }] of subjects.entries()) {
      const cpu = () => process.cpuSeconds() + (asked?.cpuSeconds() ?? 0)
      const before = cpu()
      const result = load({ ...what, url: url + what.path, headers })
      series[i]?.rounds.push({ ...result, cpuMicroseconds: ((cpu() - before) / result.requests) * 1e6 })
    }
  }
  return series
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Distance between the middle halves' ends, as a share of the median. */
export function spread(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number
  return (at(0.75) - at(0.25)) / median(numbers)
}

export const perSecond = ({ rounds }: Series) => rounds.map((round) => round.perSecond)
