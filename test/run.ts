import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runTier, type TierResult } from './run-tier.ts'
import { TIERS, type Tier } from './tiers.ts'

/**
 * `npm test [-- --tier NAME ...] [-- --lanes N]`: runs the tiers, without those that run only when named. Exits 1 if one
 * fails. First come those that need the machine for themselves, then the others, in as many lanes as there are cores, two
 * at most.
 */
const MOST_LANES = 2

const print = (line: string) => process.stdout.write(`${line}\n`)

const { values } = parseArgs({ options: { tier: { type: 'string', multiple: true }, lanes: { type: 'string' } } })
const lanes = lanesOf(values.lanes)
const chosen = chooseTiers(values.tier)
const results: TierResult[] = []
const isShared = ({ sharesMachine = false }: Tier) => lanes > 1 && chosen.length > 1 && sharesMachine
for (const tier of chosen.filter((each) => !isShared(each))) results.push(await streamed(tier))
await runLanes(chosen.filter(isShared).sort((a, b) => b.minutes - a.minutes))

print('')
for (const { name, ok, failures } of results)
  if (!ok) print(`${name} failed; run it alone with: npm test -- --tier ${name}\n${failures.join('\n')}\n`)
for (const { name, ok, seconds } of results)
  print(`${ok ? 'passed' : 'FAILED'}  ${name.padEnd(10)} ${seconds.toFixed(0)} s`)
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1

function lanesOf(text: string | undefined): number {
  const count = text === undefined ? Math.min(availableParallelism(), MOST_LANES) : Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 16) return count
  print(`--lanes: expected a whole number from 1 to 16, got ${text}`)
  process.exit(2)
}

function chooseTiers(names: readonly string[] | undefined): readonly Tier[] {
  const unknown = (names ?? []).filter((name) => !TIERS.some((tier) => tier.name === name))
  if (unknown.length > 0) {
    print(`--tier: expected ${TIERS.map(({ name }) => name).join(', ')}, got ${unknown.join(', ')}`)
    process.exit(2)
  }
  return TIERS.filter(({ name, onlyNamed = false }) => names?.includes(name) ?? !onlyNamed)
}

/** Runs one tier, and prints its output as it comes. */
async function streamed(tier: Tier): Promise<TierResult> {
  print(titleOf(tier))
  const result = await runTier(tier, (text) => process.stdout.write(text))
  print(endOf(result))
  return result
}

/** Each lane takes the next tier. The output of a tier is printed in one piece when it ends. */
async function runLanes(tiers: Tier[]): Promise<void> {
  const lane = async () => {
    for (let tier = tiers.shift(); tier !== undefined; tier = tiers.shift()) {
      print(`\n... ${tier.name} runs; its output follows when it ends`)
      const output: string[] = []
      const result = await runTier(tier, (text) => output.push(text))
      print(`${titleOf(tier)}\n${output.join('')}${endOf(result)}`)
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

function titleOf({ name, about }: Tier): string {
  return `\n=== ${name}: ${about}`
}

function endOf({ name, ok, seconds }: TierResult): string {
  return `=== ${name}: ${ok ? 'passed' : 'FAILED'} after ${seconds.toFixed(0)} s`
}
