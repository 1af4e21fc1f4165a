import { type Permissions, type Principal, permissionsOf, projectRole } from '../auth/principal.ts'
import type { CoreDeps } from '../deps.ts'
import type { ProjectRecord } from '../store/projects.ts'
import { namedProject } from './named-project.ts'
import { Problem } from './problems.ts'
import type { OperationRequest } from './request.ts'
import type { Operation } from './spec.ts'

/** Who calls, and in which project. */
export interface Authorization {
  readonly principal: Principal | undefined
  readonly administrator: boolean
  readonly project: ProjectRecord | undefined
}

type Requirements = Pick<Operation['spec'], 'id' | 'scope' | 'needs'>

/** @throws Problem when the caller may not use the operation */
export async function authorize(spec: Requirements, request: OperationRequest, deps: CoreDeps): Promise<Authorization> {
  if (spec.scope === 'public') return { principal: undefined, administrator: false, project: undefined }
  const principal = await deps.authenticator.authenticate(request)
  const permissions = permissionsOf(principal, deps.config.access)
  checkPermissions(spec, permissions)
  const { administrator } = permissions
  const id = namedProject(request, principal)
  if (id === undefined && spec.scope === 'project') throw new Problem('project-missing', spec.id)
  const project = id === undefined ? undefined : await findProject(id, spec, { principal, administrator }, deps)
  return { principal, administrator, project }
}

function checkPermissions({ id, needs }: Requirements, { administrator, serviceUser }: Permissions): void {
  if (needs === 'admin' && !administrator) throw new Problem('admin-only', id)
  if (needs === 'service' && !serviceUser) throw new Problem('service-only', id)
}

async function findProject(
  id: string,
  { needs }: Requirements,
  { principal, administrator }: { principal: Principal; administrator: boolean },
  { projects }: CoreDeps,
): Promise<ProjectRecord> {
  const project = await projects.find(id)
  const role = project && projectRole(principal, project)
  // The same response for a project that does not exist and one that the caller is not a member of.
  if (!project || !(administrator || role)) throw new Problem('not-in-project', id)
  if (needs === 'editor') {
    if (!administrator && role !== 'editor') throw new Problem('viewer-read-only', id)
    if (project.archived) throw new Problem('project-archived', id)
  }
  return project
}
