import type { Logger } from 'pino'
import type { Claims } from '../../../shared/tokens/claims.ts'
import { printableClaim } from '../../../shared/tokens/printable-claim.ts'
import type { Config } from '../../config/schema.ts'
import { Refusal } from '../../errors.ts'
import { principalOf } from '../../issuer/claims.ts'
import type { Principal } from '../../policy/types.ts'
import { type ClaimRule, compileRules } from '../rules/compile-rules.ts'
import { grantsOf, nearestInWords, nearestRule } from '../rules/match-rules.ts'

export type AdditionalIssuer = Config['issuer']['additional'][number]

/**
 * Reads the principal from verified claims of an additional issuer.
 * @returns a function that throws Refusal `login-failed` (no usable `iss` or `sub`), `no-rule-matches`
 */
export function buildForeignPrincipal(
  one: AdditionalIssuer,
  projects: Config['projects'],
  log: Logger,
): (claims: Claims) => Principal {
  const rules = compileRules(one.rules, projects)
  return (claims) => {
    const principal = foreignPrincipal(principalOf(ownClaims(claims, one), CLAIM_NAMES, log), one)
    if (one.rules === undefined) return principal
    const grants = grantsOf(rules, claims)
    // Whom no rule knows is nobody: an issuer that serves everybody would otherwise sign in everybody.
    if (grants.length === 0 && principal.groups.size === 0) throw noRuleMatches(rules, claims)
    return { ...principal, grants }
  }
}

/** The rules themselves are for administrators: the client may be a stranger. */
function noRuleMatches(rules: readonly ClaimRule[], claims: Claims): Refusal {
  const nearest = nearestRule(rules, claims)
  const subject = printableClaim(String(claims.sub))
  return new Refusal('no-rule-matches', `subject ${subject}; ${nearest ? nearestInWords(nearest) : 'no rules'}`, {
    explain: `Its subject is ${subject}. Ask an administrator to compare its claims with the rules for its issuer.`,
  })
}

/** Of an additional issuer only the subject is used, and the groups where the configuration names their claim. */
const CLAIM_NAMES = { groupsClaim: 'groups', projectsClaim: 'project_ids', usernameClaim: 'sub' }

function ownClaims({ iss, sub, ...claims }: Claims, { groupsClaim }: AdditionalIssuer): Claims {
  return { iss, sub, ...(groupsClaim !== undefined && { groups: claims[groupsClaim] }) }
}

/**
 * Upstreams know a subject without its issuer. The prefix keeps an additional issuer from naming a subject of the own
 * issuer; its client IDs have no meaning at the own issuer.
 */
function foreignPrincipal(principal: Principal, { url, groups, principals }: AdditionalIssuer): Principal {
  const subject = `${url}#${principal.subject}`
  const given = Object.hasOwn(groups, principal.subject) ? (groups[principal.subject] ?? []) : []
  return {
    ...principal,
    subject,
    username: subject,
    kind: principals,
    groups: new Set([...principal.groups, ...given]),
  }
}
