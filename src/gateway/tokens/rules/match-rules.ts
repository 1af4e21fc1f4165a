import { claimAtPath } from '../../../shared/tokens/claim-path.ts'
import { matchesPattern } from '../../../shared/tokens/claim-pattern.ts'
import type { Claims } from '../../../shared/tokens/claims.ts'
import { printableClaim } from '../../../shared/tokens/printable-claim.ts'
import type { Grant } from '../../policy/types.ts'
import type { ClaimRule, ExpectedClaim } from './compile-rules.ts'

/**
 * The memberships that verified claims have by all rules that match. They add up: of two roles in one project, the
 * stronger one counts, as with groups.
 */
export function grantsOf(rules: readonly ClaimRule[], claims: Claims): readonly Grant[] {
  return rules
    .filter((rule) => rule.claims.every((expected) => isMet(expected, claims)))
    .map(({ name, projectId, role }) => ({ projectId, role, rule: name }))
}

const isMet = ({ path, pattern }: ExpectedClaim, claims: Claims) => matchesPattern(pattern, claimAtPath(claims, path))

/** A claim that is not what a rule expects. */
export interface UnmetClaim {
  readonly claim: string
  readonly expected: string
  /** What the token has instead, as text for administrators. */
  readonly received: string
}

export interface NearestRule {
  readonly rule: string
  readonly unmet: readonly UnmetClaim[]
}

/** Of rules that do not match, the one with the fewest claims that fail; of several, the one with the most claims. */
export function nearestRule(rules: readonly ClaimRule[], claims: Claims): NearestRule | undefined {
  const compared = rules.map((rule) => {
    const failed = rule.claims.filter((expected) => !isMet(expected, claims))
    return { rule: rule.name, failed, size: rule.claims.length }
  })
  const [nearest] = compared.sort((a, b) => a.failed.length - b.failed.length || b.size - a.size)
  return nearest && { rule: nearest.rule, unmet: nearest.failed.map((expected) => unmetClaim(expected, claims)) }
}

function unmetClaim({ name, path, pattern }: ExpectedClaim, claims: Claims): UnmetClaim {
  return { claim: name, expected: pattern.text, received: received(claimAtPath(claims, path), pattern.text) }
}

function received(value: unknown, expected: string): string {
  if (value === undefined) return 'no such claim'
  if (Array.isArray(value)) return 'a list, which never matches'
  if (typeof value !== 'string') return `${value === null ? 'null' : `a ${typeof value}`}, which never matches a text`
  const shown = printableClaim(value)
  return value.toLowerCase() === expected.toLowerCase() ? `${shown} (in other case)` : shown
}

/** In one line, for the log. */
export const nearestInWords = ({ rule, unmet }: NearestRule): string =>
  `nearest rule ${rule}: ${unmet.map(({ claim, expected, received }) => `${claim}: expected ${expected}, got ${received}`).join('; ')}`
