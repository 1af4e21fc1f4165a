import type { Membership, Principal, Project, ProjectSnapshot, Role } from '../../policy/types.ts'

/** Entry of the assertion's claim `projects`. */
export interface AssertedProject {
  readonly id: string
  readonly name: string
  readonly role: Membership
}

/** Most projects an assertion lists, by name: servers refuse header sections of 8 to 64 KiB. */
export const MAX_ASSERTED_PROJECTS = 100

/**
 * The projects that a request may reach, for applications that list over all of them. With a project named or selected
 * it is the only one. An administrator without one reaches all, which `role` says already: undefined.
 */
export function assertedProjects(
  principal: Principal,
  role: Role,
  project: Project | undefined,
  projects: ProjectSnapshot,
): readonly AssertedProject[] | undefined {
  if (project) return [{ id: project.id, name: project.name, role: role === 'viewer' ? 'viewer' : 'editor' }]
  if (role === 'admin') return undefined
  return projects
    .memberships(principal)
    .slice(0, MAX_ASSERTED_PROJECTS)
    .map(({ project: { id, name }, role }) => ({ id, name, role }))
}
