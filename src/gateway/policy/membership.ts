import type { Membership, Principal, Project } from './types.ts'

/** The membership that the principal's groups, or rules over its claims, give in a project. The stronger one counts. */
export function membershipIn(principal: Principal, project: Project): Membership | undefined {
  const byGroups = membershipByGroups(principal, project)
  return byGroups === 'editor' ? byGroups : (membershipByGrants(principal, project.id) ?? byGroups)
}

/** The membership that rules over the principal's claims give in a project. */
export function membershipByGrants({ grants = [] }: Principal, projectId: string): Membership | undefined {
  const roles = grants.filter((grant) => grant.projectId === projectId).map(({ role }) => role)
  return roles.includes('editor') ? 'editor' : roles[0]
}

/**
 * The membership that the principal's groups give in a project. The stronger one counts: a viewer who is also in one of
 * the project's own groups is an editor. Groups are compared exactly.
 */
export function membershipByGroups({ groups }: Principal, project: Project): Membership | undefined {
  for (const group of project.groups) if (groups.has(group)) return 'editor'
  for (const group of project.viewerGroups) if (groups.has(group)) return 'viewer'
  return undefined
}

/** Sorts projects by name, and by ID where two names are equal. */
export function byName(a: Project, b: Project): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.id === b.id) return 0
  return a.id < b.id ? -1 : 1
}
