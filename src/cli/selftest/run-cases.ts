import { messageOf } from '../../shared/message-of.ts'
import { printable } from '../../shared/printable.ts'
import { type Case, notRun, type Result, type Section, unanswered, type Verdict } from './case.ts'
import { FAILED, PASSED, UNANSWERED } from './exit-codes.ts'
import type { World } from './world.ts'

export interface Progress {
  /** Before a case. */
  started(title: string): void
  finished(result: Result): void
}

/**
 * Runs the cases one after another. Each section begins with an ordinary request: without a response to it, no result of
 * its cases would mean anything.
 * @param isTimeUp Whether the limit of time has passed.
 */
export async function runCases(
  cases: readonly Case[],
  world: World,
  isTimeUp: () => boolean,
  progress: Progress,
): Promise<Result[]> {
  const results: Result[] = []
  let section: Section | undefined
  let responds = false
  for (const each of cases) {
    if (each.section !== section && !isTimeUp()) {
      section = each.section
      responds = await world.control()
    }
    progress.started(each.title)
    const verdict = await verdictOf(each, world, isTimeUp() ? 'time' : responds ? undefined : 'control')
    const result = { case: each, verdict: { ...verdict, detail: printable(verdict.detail) } }
    progress.finished(result)
    results.push(result)
  }
  return results
}

const OBSTACLES = {
  time: 'the limit of time has passed: --timeout',
  control: 'the target did not respond to an ordinary request before this section',
} as const

async function verdictOf(each: Case, world: World, obstacle: keyof typeof OBSTACLES | undefined): Promise<Verdict> {
  const missing = each.missing?.(world)
  if (missing !== undefined) return notRun(missing)
  if (obstacle !== undefined) return unanswered(OBSTACLES[obstacle])
  try {
    return await each.run(world)
  } catch (error) {
    return unanswered(`the case itself failed: ${messageOf(error)}`)
  }
}

export function exitCodeOf(results: readonly Result[]): number {
  if (results.some(({ verdict }) => verdict.status === 'fail')) return FAILED
  return results.some(({ verdict }) => verdict.isUnanswered) ? UNANSWERED : PASSED
}
