import {
  type Permissions,
  type Principal,
  type ProjectAccess,
  permissionsOf,
  projectAccess,
} from '../auth/principal.ts'
import type { CoreDeps } from '../deps.ts'
import type { ProjectRecord } from '../store/projects.ts'
import { StorageDown } from '../store/storage-errors.ts'
import { namedProject } from './named-project.ts'
import { Problem } from './problems.ts'
import type { OperationRequest } from './request.ts'
import type { Authorization, Operation } from './spec.ts'

const PUBLIC: Authorization = { principal: undefined, administrator: false, project: undefined }

type Requirements = Pick<Operation['spec'], 'id' | 'scope' | 'needs'>

/** @throws Problem when the caller may not use the operation */
export async function authorize(
  spec: Requirements,
  request: Pick<OperationRequest, 'headersDistinct' | 'query'>,
  deps: CoreDeps,
): Promise<Authorization> {
  if (spec.scope === 'public') return PUBLIC
  const principal = await deps.authenticator.authenticate(request)
  const permissions = permissionsOf(principal, deps.config.access)
  checkPermissions(spec, permissions)
  const id = namedProject(request, principal)
  if (id === undefined && spec.scope === 'project') throw new Problem('project-missing', spec.id)
  const project = id === undefined ? undefined : await findProject(id, spec, principal, permissions, deps)
  return { principal, administrator: permissions.administrator, project }
}

function checkPermissions({ id, needs }: Requirements, permissions: Permissions): void {
  if (needs === 'admin' && !permissions.administrator) throw new Problem('admin-only', id)
  const isMissing =
    (needs === 'directory-reader' && !permissions.directoryReader) || (needs === 'job-user' && !permissions.jobUser)
  if (isMissing) throw new Problem('service-only', id)
}

async function findProject(
  id: string,
  { needs }: Requirements,
  principal: Principal,
  { administrator, jobUser }: Permissions,
  deps: CoreDeps,
): Promise<ProjectRecord> {
  const { projects, memberships } = deps
  const project = await projects.find(id)
  const access = project && projectAccess(principal, project)
  if (project && (administrator || access)) await recordMembership(project, principal, access, deps)
  else if (project && needs !== 'job-user') await memberships.remove(id, principal.subject)
  // The same response for a project that does not exist and one that the caller is not a member of.
  const isAllowed = administrator || access !== undefined || (needs === 'job-user' && jobUser)
  if (!project || !isAllowed) throw new Problem('not-in-project', id)
  if (needs === 'editor') {
    if (!administrator && access?.role !== 'editor') throw new Problem('viewer-read-only', id)
    if (project.archived) throw new Problem('project-archived', id)
  }
  return project
}

/** A database that is busy or read-only is no reason to deny a request that reads. The next request tries again. */
async function recordMembership(
  { id: projectId }: ProjectRecord,
  { subject, username }: Principal,
  access: ProjectAccess | undefined,
  { memberships, log }: CoreDeps,
): Promise<void> {
  try {
    await memberships.record({ projectId, subject, username, group: access?.group ?? '' })
  } catch (error) {
    if (!(error instanceof StorageDown)) throw error
    log.warn({ event: 'membership-not-recorded', detail: error.message }, 'jobs of this user may be denied')
  }
}
