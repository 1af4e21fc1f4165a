import type { ProjectView } from '../pages/project-list.ts'
import { isAdmin } from '../policy/decide.ts'
import type { Principal, Project } from '../policy/types.ts'
import type { SignInDeps } from './sign-in-context.ts'

type Rules = Pick<SignInDeps, 'projects' | 'rules'>

/** The projects a principal reaches, with the role in each. */
export function reachableProjects({ projects, rules }: Rules, principal: Principal): readonly ProjectView[] {
  if (isAdmin(principal, rules)) return projects.all().map((project) => ({ project, role: 'admin' as const }))
  return projects.listFor(principal).flatMap((project) => {
    const role = projects.membership(principal, project.id)
    return role === undefined ? [] : [{ project, role }]
  })
}

/** The project, when the principal reaches it: unknown and forbidden look the same. */
export function reachableProject({ projects, rules }: Rules, principal: Principal, id: string): Project | undefined {
  const isReached = isAdmin(principal, rules) || projects.membership(principal, id) !== undefined
  return isReached ? projects.find(id) : undefined
}
