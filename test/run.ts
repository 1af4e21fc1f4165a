import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runTier, type TierResult } from './run-tier.ts'
import { tableOf } from './tier-times.ts'
import { TIERS, type Tier } from './tiers.ts'

/**
 * `npm test [-- --tier NAME ...] [-- --lanes N]`: runs the tiers, without those that run only when named. Exits 1 if one
 * fails. First come those that need the machine for themselves, then the others, in as many lanes as there are cores, two
 * at most.
 */
const MOST_LANES = 2

const print = (line: string) => process.stdout.write(`${line}\n`)

const HELP = `npm test [-- OPTION ...]: runs the tests with real parts, and exits with 1 if one fails

  --tier NAME   this tier alone; several: repeat the option. Without it: all except those marked with *
  --lanes N     at most this many tiers at the same time, 1 to 16. Default: the number of cores, ${MOST_LANES} at most
  --help        this text

Tiers:
${TIERS.map(({ name, about, onlyNamed }) => `  ${`${name}${onlyNamed ? '*' : ''}`.padEnd(14)} ${about}`).join('\n')}`

const values = optionsOf()
if (values.help) {
  print(HELP)
  process.exit(0)
}
const lanes = lanesOf(values.lanes)
const chosen = chooseTiers(values.tier)
const results: TierResult[] = []
const isShared = ({ sharesMachine = false }: Tier) => lanes > 1 && chosen.length > 1 && sharesMachine
for (const tier of chosen.filter((each) => !isShared(each))) results.push(await streamed(tier))
await runLanes(chosen.filter(isShared).sort((a, b) => b.minutes - a.minutes))

print('')
for (const { name, ok, failures } of results)
  if (!ok) print(`${name} failed; run it alone with: npm test -- --tier ${name}\n${failures.join('\n')}\n`)
print(tableOf(results, process.uptime()))
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1

function optionsOf() {
  const text = { type: 'string' } as const
  try {
    const options = { tier: { ...text, multiple: true }, lanes: text, help: { type: 'boolean', short: 'h' } } as const
    return parseArgs({ options }).values
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    process.exit(2)
  }
}

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
