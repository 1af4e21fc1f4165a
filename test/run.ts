import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { endOf, print, report, runLanes, titleOf } from './lanes.ts'
import { runTier, type TierResult } from './run-tier.ts'
import { TIERS, type Tier } from './tiers.ts'

/**
 * `npm test [-- --tier NAME ...] [-- --lanes N]`: runs the tiers, without those that run only when named. Exits 1 if one
 * fails. First come those that need the machine for themselves, then the others, in one lane more than there are cores,
 * three at most: two of them together leave a third of two cores idle.
 */
const MOST_LANES = 3

const HELP = `npm test [-- OPTION ...]: runs the tests with real parts, and exits with 1 if one fails

  --tier NAME   this tier alone; several: repeat the option. Without it: all except those marked with *
  --lanes N     at most this many tiers at the same time, 1 to 16. Default: one more than there are cores, ${MOST_LANES} at most
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
const inLanes = chosen.filter(isShared).sort((a, b) => b.minutes - a.minutes)
results.push(...(await runLanes(inLanes, lanes)))
report(results, (name) => `npm test -- --tier ${name}`)

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
  const count = text === undefined ? Math.min(availableParallelism() + 1, MOST_LANES) : Number(text)
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
