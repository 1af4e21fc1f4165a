import { messageOf } from '../../shared/message-of.ts'
import { printable } from '../../shared/printable.ts'
import type { Check } from './check.ts'
import { type Finding, failed, type Status, worst } from './finding.ts'
import type { World } from './world.ts'

/** A check with what it found. */
export interface Outcome {
  readonly id: string
  readonly title: string
  readonly status: Status
  readonly findings: readonly Finding[]
}

/** Longest time of one check, in milliseconds; its requests have shorter limits of their own. */
export const CHECK_MS = 20_000

export interface Progress {
  started(title: string): void
  finished(outcome: Outcome): void
}

/**
 * Runs the checks one after another, in order. A check that fails, takes too long or throws does not keep the others from
 * running: they leave out what depends on it.
 * @param deadline When all checks must have ended, in milliseconds of `performance.now()`.
 */
export async function runChecks(
  checks: readonly Check[],
  world: World,
  deadline: number,
  progress: Progress,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const check of checks) {
    progress.started(check.title)
    const outcome = outcomeOf(check, await findingsOf(check, world, deadline))
    progress.finished(outcome)
    outcomes.push(outcome)
  }
  return outcomes
}

/** Findings contain what servers returned: nothing of it reaches a terminal as a control character. */
export function outcomeOf({ id, title }: Pick<Check, 'id' | 'title'>, raw: readonly Finding[]): Outcome {
  const findings = raw.map(({ status, text, cause, fix }) => ({
    ...{ status, text: printable(text) },
    ...(cause !== undefined && { cause: printable(cause) }),
    ...(fix !== undefined && { fix: printable(fix) }),
  }))
  return { id, title, findings, status: worst(findings) }
}

async function findingsOf(check: Check, world: World, deadline: number): Promise<Finding[]> {
  try {
    const work = Promise.resolve(check.run(world))
    if (check.waitsForPerson?.(world)) return await work
    return await inTime(work, Math.max(0, Math.min(CHECK_MS, deadline - performance.now())))
  } catch (error) {
    if (error instanceof TooLate) {
      const fix = 'Run this check alone (--only), with more time (--timeout).'
      return [
        failed(`no result after ${error.seconds} seconds`, 'A server accepts connections and does not respond.', fix),
      ]
    }
    const text = `the check itself failed: ${messageOf(error)}`
    return [failed(text, 'An error in this program.', 'Report it with the output of this command.')]
  }
}

class TooLate extends Error {
  readonly seconds: number

  constructor(milliseconds: number) {
    super('too late')
    this.seconds = Math.round(milliseconds / 1000)
  }
}

async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new TooLate(milliseconds)), milliseconds)
  work.catch(() => undefined) // after the limit nobody waits for it
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
