import type { Config } from '../../config/schema.ts'
import type { SignedIn } from '../../issuer/grants.ts'

/** Why somebody who signed in reaches no project. Label of a metric: a closed list. */
export type WithoutProject = 'no-groups-claim' | 'groups-overage' | 'no-matching-group'

/** Group names shown in one log line. */
const SHOWN = 20

/** The cause, and a sentence for the log: names of claims and groups, and no other value of a claim. */
export function explainWithoutProject(
  { principal, claimNames }: Pick<SignedIn, 'principal' | 'claimNames'>,
  issuer: Config['issuer'],
): { readonly cause: WithoutProject; readonly detail: string } {
  const claim = issuer.groups.claim ?? issuer.groupsClaim
  const groups = [...principal.groups]
  if (groups.length > 0) return { cause: 'no-matching-group', detail: noneOf(groups, issuer) }
  // Microsoft Entra ID names a place to ask instead of more than 200 groups.
  if (claimNames.includes('_claim_names') || claimNames.includes('hasgroups')) {
    return {
      cause: 'groups-overage',
      detail: `ID token has too many groups to list them in \`${claim}\`: configure the issuer to send only the groups assigned to the application`,
    }
  }
  const present = claimNames.toSorted().join(', ')
  const isPresent = claimNames.includes(claim.split('.', 1)[0] ?? claim)
  return {
    cause: 'no-groups-claim',
    detail: isPresent
      ? `claim \`${claim}\` contains no usable group; claims present: ${present}`
      : `ID token has no claim \`${claim}\`; claims present: ${present}`,
  }
}

function noneOf(groups: readonly string[], { groups: { normalize } }: Config['issuer']): string {
  const shown = groups.slice(0, SHOWN).join(', ')
  const more = groups.length > SHOWN ? ` and ${groups.length - SHOWN} more` : ''
  const isPath = normalize === 'none' && groups.some((group) => group.startsWith('/'))
  const hint = isPath ? '; these are group paths: set issuer.groups.normalize to keycloak-path' : ''
  return `none of ${groups.length} groups belongs to a project: ${shown}${more}${hint}`
}
