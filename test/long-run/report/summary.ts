import { flatnessOf } from './flatness.ts'
import type { RunResult } from './result.ts'

/** What a run has seen, for a terminal. */
export function summaryOf(result: RunResult): string[] {
  const { counts, total, excuses, outages, denials, reloads, replicas, minutes, seconds } = result
  const rows = Object.entries(counts).map(([kind, { right, excused, wrong }]) => row(kind, right, excused, wrong))
  const excused = Object.entries(excuses).map(([seen, times]) => `${times} × ${seen}`)
  return [
    row('', 'right', 'excused', 'wrong'),
    ...rows,
    row('all', total.right, total.excused, total.wrong),
    '',
    `${(total.right / seconds).toFixed(0)} right responses a second; ${result.refreshes} refreshes of sessions; ${outages} outages of an upstream`,
    `excused: ${excused.join(', ') || 'nothing'}`,
    `reloads of both replicas: ${reloads.applied} applied, ${reloads.refused} refused`,
    `denials that the log shows to be own: ${denials.proven}`,
    ...replicas.flatMap(({ name, samples, exit, left }) => [
      '',
      `${name}: CPU ${samples.at(-1)?.cpuSeconds.toFixed(0)} s; ${left.length === 0 ? 'nothing' : 'something'} left behind; exit code ${exit.code} ${exit.seconds.toFixed(1)} s after SIGTERM`,
      ...flatnessOf(samples, minutes).map(
        ({ measure, early, late }) => `  ${measure.name}: ${early.toFixed(1)} → ${late.toFixed(1)} ${measure.unit}`,
      ),
    ]),
  ]
}

const row = (kind: string, ...cells: (string | number)[]) =>
  kind.padEnd(32) + cells.map((cell) => String(cell).padStart(9)).join('')
