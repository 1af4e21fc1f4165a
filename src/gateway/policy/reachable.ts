import { isAdmin } from './roles.ts'
import type { AccessRules, Principal, ProjectRole, ProjectSnapshot } from './types.ts'

/** The projects a principal reaches, sorted by name, with its role in each: all of them for an administrator. */
export function reachableProjects(
  projects: ProjectSnapshot,
  principal: Principal,
  rules: AccessRules,
): readonly ProjectRole[] {
  if (!isAdmin(principal, rules)) return projects.memberships(principal)
  return projects.all().map((project) => ({ project, role: 'admin' }))
}

/** One project with the principal's role in it. An unknown project and a forbidden one look the same: undefined. */
export function reachableProject(
  projects: ProjectSnapshot,
  principal: Principal,
  rules: AccessRules,
  id: string,
): ProjectRole | undefined {
  const project = projects.find(id)
  if (!project) return undefined
  const role = isAdmin(principal, rules) ? 'admin' : projects.membership(principal, id)
  return role && { project, role }
}

/** The same by name, or by a previous name. */
export function reachableByName(
  projects: ProjectSnapshot,
  principal: Principal,
  rules: AccessRules,
  name: string,
): ProjectRole | undefined {
  const project = projects.findByName(name)
  return project && reachableProject(projects, principal, rules, project.id)
}

/** The project that is meant where none is named: the only one that the principal reaches. */
export function onlyReachableProject(
  projects: ProjectSnapshot,
  principal: Principal,
  rules: AccessRules,
): ProjectRole | undefined {
  if (!isAdmin(principal, rules)) return onlyOne(projects.memberships(principal))
  const project = onlyOne(projects.all())
  return project && { project, role: 'admin' }
}

const onlyOne = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined)
