import { runTier, type TierResult } from './run-tier.ts'
import { tableOf } from './tier-times.ts'
import type { Tier } from './tiers.ts'

export const print = (line: string) => process.stdout.write(`${line}\n`)

/**
 * Runs tiers beside each other: each lane takes the next one. The output of a tier is printed in one piece when it ends,
 * and a tier that fails does not stop the others.
 */
export async function runLanes(tiers: readonly Tier[], lanes: number): Promise<readonly TierResult[]> {
  const waiting = [...tiers]
  const results: TierResult[] = []
  const lane = async () => {
    for (let tier = waiting.shift(); tier !== undefined; tier = waiting.shift()) {
      print(`\n... ${tier.name} runs; its output follows when it ends`)
      const output: string[] = []
      const result = await runTier(tier, (text) => output.push(text))
      print(`${titleOf(tier)}\n${output.join('')}${endOf(result)}`)
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

/** Prints what failed once more, because a log is often read from its end, and where the time went. */
export function report(results: readonly TierResult[], commandOf: (name: string) => string): void {
  print('')
  for (const { name, ok, failures } of results)
    if (!ok) print(`${name} failed; run it alone with: ${commandOf(name)}\n${failures.join('\n')}\n`)
  print(tableOf(results, process.uptime()))
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
}

export function titleOf({ name, about }: Tier): string {
  return `\n=== ${name}: ${about}`
}

export function endOf({ name, ok, seconds }: TierResult): string {
  return `=== ${name}: ${ok ? 'passed' : 'FAILED'} after ${seconds.toFixed(0)} s`
}
