import { flatnessOf } from './flatness.ts'
import type { RunResult } from './result.ts'

/** The longest time from SIGTERM to the end of a replica without traffic, in seconds. */
export const EXIT_SECONDS = 10

/** Why a run is not good, one line each. Empty: it is. */
export function failuresOf(result: RunResult): string[] {
  const { total, denials, replicas } = result
  const failures: string[] = []
  if (total.right === 0) failures.push('no response was right')
  if (result.refreshes === 0) failures.push('no session was refreshed')
  if (total.wrong > 0) failures.push(`${total.wrong} wrong responses, of them shown ${result.wrong.length}`)
  for (const { verdict, differences, expected } of result.wrong)
    failures.push(`${verdict}: ${expected.kind} by ${expected.entrance}: ${differences.join('; ')}`)
  for (const error of denials.unexpected) failures.push(`an error in a log: ${error}`)
  for (const { name, samples, left, exit } of replicas) {
    for (const { measure, early, late, tolerance, isFlat } of flatnessOf(samples, result.minutes))
      if (!isFlat)
        failures.push(
          `${name}: ${measure.name} grew from ${early.toFixed(1)} to ${late.toFixed(1)} ${measure.unit}, more than ${tolerance}`,
        )
    for (const difference of left) failures.push(`${name} after the traffic: ${difference}`)
    if (exit.code !== 0) failures.push(`${name}: expected exit code 0 after SIGTERM, received ${exit.code}`)
    if (exit.seconds > EXIT_SECONDS) failures.push(`${name}: ended ${exit.seconds.toFixed(1)} s after SIGTERM`)
  }
  return failures
}
