import type { ComparisonView } from '../../pages/console/why-page.ts'
import type { Grant } from '../../policy/types.ts'
import type { ClaimedProject } from '../../routing/claimed-project.ts'

export interface ComparedDecision {
  readonly reason: string
  /** User name of the caller. */
  readonly who: string
  readonly held: readonly string[]
  readonly moreHeld?: number | undefined
  /** Memberships by rules over the claims of a token. */
  readonly grants?: readonly Grant[] | undefined
  readonly claimed?: ClaimedProject | undefined
  /** The project that was claimed, if there is one. */
  readonly project?:
    | {
        readonly id?: string
        readonly name: string
        readonly groups: readonly string[]
        readonly viewerGroups: readonly string[]
      }
    | undefined
  readonly adminGroup: string
  /** The claim that makes members, where `projects.source` is `claim`. */
  readonly projectsClaim?: string | undefined
}

/** Which groups the decision compared, and which one is missing. Undefined: groups decided nothing. */
export function compareGroups(compared: ComparedDecision): ComparisonView | undefined {
  const { reason, held, moreHeld = 0, project, adminGroup } = compared
  const needed = (groups: readonly string[], gives: string) =>
    groups.map((group) => ({ group, gives, isHeld: held.includes(group) }))
  switch (reason) {
    case 'not-in-project': {
      const giving = [
        ...needed(project?.groups ?? [], 'read and write'),
        ...needed(project?.viewerGroups ?? [], 'read only'),
      ]
      return { held, moreHeld, needed: giving, conclusion: notInProject(compared) }
    }
    case 'viewer-read-only':
      return { held, moreHeld, needed: needed(project?.groups ?? [], 'read and write'), conclusion: readOnly(compared) }
    case 'admin-only': {
      const conclusion = `Only administrators may do this. ${compared.who} is not in the group ${adminGroup}.`
      return { held, moreHeld, needed: needed([adminGroup], 'administrator'), conclusion }
    }
    case 'not-a-member':
      return { held, moreHeld, needed: [], conclusion: `None of the groups of ${compared.who} belongs to a project.` }
    case 'project-missing': {
      const conclusion = `The request names no project, and ${compared.who} has none or more than one to choose from.`
      return { held, moreHeld, needed: [], conclusion }
    }
    default:
      return undefined
  }
}

function notInProject({ who, project, claimed, projectsClaim, grants = [] }: ComparedDecision): string {
  const value = claimed !== undefined && 'value' in claimed ? claimed.value : 'this ID'
  if (project === undefined) return `There is no project ${value}, or more than one project has this name.`
  if (projectsClaim !== undefined) return `The claim ${projectsClaim} of ${who} does not contain ${value}.`
  const choices = [...project.groups, ...project.viewerGroups]
  if (choices.length === 0) return `The project ${project.name} has no groups: only administrators reach it.`
  const list = choices.length === 1 ? `the group ${choices[0]}` : `one of the groups ${choices.join(', ')}`
  if (grants.length > 0)
    return `No rule that matches the token gives ${who} the project ${project.name}: ${rulesOf(grants)} for other projects. Add a rule for this project, or add the caller to ${list}.`
  return `${who} is in no group of the project ${project.name}. Missing: ${list}.`
}

const rulesOf = (grants: readonly Grant[]): string => {
  const names = [...new Set(grants.map(({ rule }) => rule))]
  return names.length === 1 ? `the rule ${names[0]} is` : `the rules ${names.join(', ')} are`
}

function readOnly({ who, project, grants = [] }: ComparedDecision): string {
  if (project === undefined) return `${who} may only read, in every project of ${who}.`
  const rule = grants.find(({ projectId, role }) => projectId === project.id && role === 'viewer')?.rule
  if (rule !== undefined)
    return `The rule ${rule} makes ${who} a viewer of the project ${project.name}. To permit writing, set role: editor in the rule.`
  return `${who} may only read in the project ${project.name}. Missing: ${project.groups.join(', ') || 'a group that may write'}.`
}
