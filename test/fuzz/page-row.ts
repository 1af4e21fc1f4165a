import type { FuzzTarget } from './engine/target.ts'
import { PARSERS } from './oracles/oracle.ts'
import { TARGETS, type TargetEntry, type TargetName } from './targets/names.ts'

/** The row of a target in docs/reference/fuzzing.md. */
export function pageRow(name: TargetName, { invariants }: FuzzTarget): string {
  const { about, asks }: TargetEntry = TARGETS[name]
  const others = asks.map((parser) => PARSERS[parser]).join(', ')
  return `| \`${name}\` | ${about} | ${invariants.join('; ')} | ${others || 'nothing'} |`
}
