import { parseProjectId } from '../../../shared/project-id.ts'
import { type ClaimPath, parseClaimPath } from '../../../shared/tokens/claim-path.ts'
import { type ClaimPattern, parsePattern } from '../../../shared/tokens/claim-pattern.ts'
import type { Config } from '../../config/schema.ts'
import type { Membership } from '../../policy/types.ts'

/** What a rule expects of one claim. */
export interface ExpectedClaim {
  /** As the configuration names it. */
  readonly name: string
  readonly path: ClaimPath
  readonly pattern: ClaimPattern
}

/** A rule over claims, ready to be compared with a token. */
export interface ClaimRule {
  readonly name: string
  readonly claims: readonly ExpectedClaim[]
  readonly projectId: string
  readonly role: Membership
}

type Rules = Config['issuer']['additional'][number]['rules']

/** Reads the rules of an issuer once, when the configuration is loaded. The names of their projects become UUIDs. */
export function compileRules(rules: Rules, projects: Config['projects']): readonly ClaimRule[] {
  return (rules ?? []).map(({ name, claims, project, role }) => ({
    ...{ name, role },
    claims: Object.entries(claims).map(([claim, value]) => expectedClaim(claim, value)),
    projectId: projectIdOf(project, projects),
  }))
}

function expectedClaim(name: string, value: string): ExpectedClaim {
  const path = parseClaimPath(name)
  if (path === undefined) throw new TypeError(`${name}: expected the name of a claim`)
  return { name, path, pattern: parsePattern(value) }
}

/** Checked with the configuration: a name is one of `projects.list`. */
function projectIdOf(project: string, projects: Config['projects']): string {
  const listed = projects.source === 'static' ? projects.list.find(({ name }) => name === project)?.id : undefined
  const id = parseProjectId(project) ?? listed
  if (id === undefined) throw new TypeError(`${project}: expected a known project`)
  return id
}
