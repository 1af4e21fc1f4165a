import { loadavg } from 'node:os'
import { type Cost, SLICE_REQUESTS } from './paired.ts'
import { median, perSecond, type Series, spread } from './rounds.ts'

/** One promise of speed, and what came of it. */
export interface Target {
  readonly promise: string
  readonly measured: string
  readonly met: boolean
}

/** Collects the page; says each line as it comes. */
export class Report {
  readonly lines: string[] = []
  readonly targets: Target[] = []

  say(line = ''): void {
    console.log(line)
    this.lines.push(line)
  }

  heading(title: string): void {
    this.say(`### ${title}`)
    this.say()
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    this.say(`| ${head.join(' | ')} |`)
    this.say(`|${'---|'.repeat(head.length)}`)
    for (const row of rows) this.say(`| ${row.join(' | ')} |`)
    this.say()
  }

  target(promise: string, measured: string, met: boolean): void {
    console.log(`${met ? 'met' : 'MISSED'}: ${promise}: ${measured}`)
    this.targets.push({ promise, measured, met })
  }

  /**
   * Rows of comparisons; ratios are to `base`. The one by processor time holds on a machine that others use too: it does
   * not ask who else wanted the core.
   */
  compare(title: string, series: readonly Series[], base: string): void {
    const unit = of(named(series, base), rate)
    const unitCpu = of(named(series, base), cpu)
    this.heading(title)
    this.table(
      [
        'subject',
        'requests/s, median',
        'spread',
        `ratio to ${base}`,
        'CPU a request, µs',
        'ratio by CPU',
        'p50, ms',
        'p99, ms',
      ],
      series.map((one) => [
        one.name,
        String(Math.round(of(one, rate))),
        `${Math.round(spread(perSecond(one)) * 100)} %`,
        (of(one, rate) / unit).toFixed(2),
        of(one, cpu).toFixed(0),
        (unitCpu / of(one, cpu)).toFixed(2),
        of(one, (round) => round.p50).toFixed(2),
        of(one, (round) => round.p99).toFixed(2),
      ]),
    )
  }

  /** What each costs beside the first, by CPU time. The quartiles tell how much of a difference is noise. */
  costs(title: string, costs: readonly Cost[], turns: number): void {
    const [base, ...others] = costs as [Cost, ...Cost[]]
    this.heading(title)
    this.table(
      ['subject', 'CPU a request, µs', 'more, µs', 'quartiles', 'more, %'],
      [
        [base.name, base.cpu.toFixed(1), '', '', ''],
        ...others.map(({ name, cpu: own, more, quartiles, share }) => [
          name,
          own.toFixed(1),
          more.toFixed(1),
          quartiles.map((value) => value.toFixed(1)).join(' to '),
          (share * 100).toFixed(1),
        ]),
      ],
    )
    this.say(
      `Medians of ${turns} slices of ${SLICE_REQUESTS} requests that took turns; each is compared with the slice of “${base.name}” in its turn.`,
    )
    this.say(`Load average ${loadavg()[0]?.toFixed(1)} in the last minute of the row.`)
    this.say()
  }
}

type Round = Series['rounds'][number]
export const rate = ({ perSecond: requests }: Round) => requests
export const cpu = ({ cpuMicroseconds }: Round) => cpuMicroseconds

/** Median over the rounds. */
export const of = (series: Series, pick: (round: Round) => number) => median(series.rounds.map(pick))

export function named(series: readonly Series[], name: string): Series {
  const one = series.find((candidate) => candidate.name === name)
  if (one === undefined) throw new Error(`no series is named ${name}`)
  return one
}
