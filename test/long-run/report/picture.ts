import { chartOf } from '../../bench/line-chart.ts'
import type { RunResult } from './result.ts'
import { MEASURES } from './samples.ts'

/** The measures of both replicas over the time of the traffic, as an SVG. */
export function pictureOf({ replicas, minutes }: RunResult): string {
  const [first, second] = replicas
  if (first === undefined || second === undefined) throw new Error('expected samples of two replicas')
  return chartOf({
    title: `Two replicas under mixed traffic, ${minutes} minutes`,
    names: [first.name, second.name],
    last: `${minutes} min`,
    panels: MEASURES.map(({ name, unit, afterCollection, of }) => ({
      title: unit === '' ? name : `${name}, ${unit}`,
      lines: [first, second].map(({ samples }) =>
        samples.filter(({ isCollected }) => isCollected || !afterCollection).map(of),
      ),
    })),
  })
}
