import { stringify } from 'yaml'
import { LEAST_SCORE, resultOf, scoreOf } from './results.ts'
import type { Report } from './stryker.ts'
import { compareSurvivors, type Survivors, survivorsFile, survivorsOf } from './survivors.ts'

/** What is wrong with a run of a room; empty: nothing. */
export function problemsOf(room: string, report: Report, accepted: readonly Survivors[]): string[] {
  const result = resultOf(report)
  const score = scoreOf(result)
  const { unexplained, stale } = compareSurvivors(survivorsOf(report), accepted)
  const problems: string[] = []
  if (result.errors > 0) problems.push(`${room}: ${result.errors} mutants could not be tried; see the output above`)
  if (score < LEAST_SCORE)
    problems.push(
      `${room}: expected a score of ${LEAST_SCORE} % or more, got ${score.toFixed(1)} %. Add tests that notice the mutants.`,
    )
  if (unexplained.length > 0) {
    const entries = stringify(
      unexplained.map((each) => ({ ...each, why: '' })),
      { lineWidth: 0 },
    )
    problems.push(
      `${room}: no test notices these mutants. Add a test, delete the code, or say in ${survivorsFile(room)} why:\n${entries}`,
    )
  }
  if (stale.length > 0)
    problems.push(
      `${room}: tests notice these mutants now, or the code is another one. Delete them from ${survivorsFile(room)}:\n${stringify(stale, { lineWidth: 0 })}`,
    )
  return problems
}
