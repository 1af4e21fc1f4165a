import { reachableProject, reachableProjects } from '../policy/reachable.ts'
import type { AccessRules, Principal, Project, ProjectRole } from '../policy/types.ts'
import { currentProjects, type ProjectSource } from './source.ts'

/** The known projects, and who reaches all of them. */
export interface ProjectRules {
  readonly projects: ProjectSource
  readonly rules: AccessRules
}

/** The projects that the principal reaches now, sorted by name, with its role in each. @throws Refusal projects-down */
export function currentProjectsOf({ projects, rules }: ProjectRules, principal: Principal): readonly ProjectRole[] {
  return reachableProjects(currentProjects(projects), principal, rules)
}

/**
 * One project, if the principal reaches it now. An unknown project and a forbidden one look the same.
 * @throws Refusal projects-down
 */
export function currentProjectOf(
  { projects, rules }: ProjectRules,
  principal: Principal,
  id: string,
): Project | undefined {
  const snapshot = currentProjects(projects)
  if (!snapshot.find(id)) projects.reportUnknown()
  return reachableProject(snapshot, principal, rules, id)?.project
}
