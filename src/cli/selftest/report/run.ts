import type { Result, Section, Status } from '../case.ts'

/** One run, as every format shows it. */
export interface Run {
  readonly origin: string
  readonly startedAt: Date
  readonly seconds: number
  readonly version: string
  readonly exitCode: number
  readonly results: readonly Result[]
}

export const STATUSES: readonly Status[] = ['fail', 'warning', 'not run', 'pass']

export const NAMES: Readonly<Record<Status, string>> = {
  fail: 'failed',
  warning: 'warning',
  'not run': 'not run',
  pass: 'passed',
}

export const countOf = ({ results }: Pick<Run, 'results'>, status: Status): number =>
  results.filter(({ verdict }) => verdict.status === status).length

/** `78 passed, 1 warning, 0 failed, 12 not run`. */
export function counts(run: Pick<Run, 'results'>): string {
  const warnings = countOf(run, 'warning')
  return [
    `${countOf(run, 'pass')} passed`,
    `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    `${countOf(run, 'fail')} failed`,
    `${countOf(run, 'not run')} not run`,
  ].join(', ')
}

/** Results by section, in order. */
export function bySection({ results }: Pick<Run, 'results'>): ReadonlyMap<Section, readonly Result[]> {
  const sections = new Map<Section, Result[]>()
  for (const result of results) {
    const list = sections.get(result.case.section) ?? []
    list.push(result)
    sections.set(result.case.section, list)
  }
  return sections
}

/** In words, what the exit code says. */
export const CONCLUSIONS: Readonly<Record<number, string>> = {
  0: 'No case failed.',
  1: 'At least one case failed.',
  3: 'No case failed, but the target did not respond to some requests as it must: these cases prove nothing.',
}
