import type { Parser } from '../oracles/oracle.ts'
import type { Oracles } from '../oracles/oracles.ts'
import { type Comparison, Finding, type FuzzTarget } from './target.ts'

/** An input on which two parsers disagree. */
export interface Disagreement {
  readonly input: Buffer
  readonly finding: Finding
}

export interface Compared {
  readonly disagreements: readonly Disagreement[]
  /** How often another parser was asked. */
  readonly count: number
}

/** Asks other parsers what they read of what the gateway forwards. Inputs whose `check` fails are not asked about. */
export async function compareAll(target: FuzzTarget, inputs: readonly Buffer[], oracles: Oracles): Promise<Compared> {
  const byParser = new Map<Parser, { input: Buffer; comparison: Comparison }[]>()
  for (const input of inputs) {
    for (const comparison of await comparisonsOf(target, input)) {
      if (!oracles.has(comparison.parser)) continue
      const others = byParser.get(comparison.parser) ?? []
      others.push({ input, comparison })
      byParser.set(comparison.parser, others)
    }
  }
  const disagreements: Disagreement[] = []
  let count = 0
  for (const [parser, asked] of byParser) {
    const readings = await oracles.read(
      parser,
      asked.map(({ comparison }) => comparison.bytes),
    )
    count += asked.length
    asked.forEach(({ input, comparison }, at) => {
      const reading = readings[at]
      const difference = reading === undefined ? 'no reading' : comparison.differs(reading)
      if (difference !== undefined) disagreements.push({ input, finding: disagreement(parser, difference) })
    })
  }
  return { disagreements, count }
}

/** What stands before a colon in the difference is its kind. */
function disagreement(parser: Parser, difference: string): Finding {
  const [kind = '', ...rest] = difference.split(': ')
  return new Finding(`${parser} disagrees: ${kind}`, rest.join(': '))
}

async function comparisonsOf(target: FuzzTarget, input: Buffer): Promise<readonly Comparison[]> {
  try {
    return (await target.compare?.(input)) ?? []
  } catch {
    return [] // what `check` would report
  }
}
