import type { AccessRules, Decision, Principal, Project, ProjectDirectory, Question, Role } from './types.ts'

const deny = <R extends Extract<Decision, { allow: false }>['reason']>(reason: R): Decision => ({
  allow: false,
  reason,
})
const allow = (reason: Extract<Decision, { allow: true }>['reason'], role: Role, project?: Project): Decision =>
  project ? { allow: true, reason, role, project } : { allow: true, reason, role }

/** An administrator is a member of the admin group, or a machine that is named as a service user. Exact comparison. */
export function isAdmin(principal: Principal, rules: AccessRules): boolean {
  if (principal.groups.has(rules.adminGroup)) return true
  return principal.kind === 'machine' && principal.clientId !== undefined && rules.serviceUsers.has(principal.clientId)
}

/**
 * The gateway's only judgement: pure, default deny, one named reason each.
 * Checks run from "who" to "what" to "which project", so that a refusal never tells more than the caller may know.
 */
export function decide(question: Question, rules: AccessRules, directory: ProjectDirectory): Decision {
  const { access, use, principal } = question
  if (use === 'denied') return deny('app-denied')
  if (access === 'public') return allow('public-route', 'anonymous')
  if (!principal) return deny('login-required')

  const admin = isAdmin(principal, rules)
  if (access === 'admin' && !admin) return deny('admin-only')
  if (use === 'admin' && !admin) return deny('admin-only')

  const named = question.named
  if (named.kind === 'malformed') return deny('project-malformed')
  if (named.kind === 'ambiguous') return deny('project-ambiguous')
  if (named.kind === 'named') return decideProject(named.id, principal, admin, use, directory)

  if (access === 'admin') return allow('admin', 'admin')
  if (access === 'login') return allow('signed-in', admin ? 'admin' : 'user')
  return decideUnnamed(question, principal, admin, directory)
}

/** `project` and `member` routes where the request itself names none. A stale selection counts as none. */
function decideUnnamed(
  question: Question,
  principal: Principal,
  admin: boolean,
  directory: ProjectDirectory,
): Decision {
  const { access, selected, use } = question
  if (selected !== undefined && reaches(principal, admin, selected, directory)) {
    return decideProject(selected, principal, admin, use, directory)
  }
  if (access === 'member') {
    if (admin) return allow('admin', 'admin')
    const roles = directory.listFor(principal).map((project) => directory.membership(principal, project.id))
    if (roles.length === 0) return deny('not-a-member')
    if (roles.includes('editor')) return allow('member', 'editor')
    return use === 'read' ? allow('member', 'viewer') : deny('viewer-read-only')
  }
  const only = admin ? onlyOne(directory.all()) : onlyOne(directory.listFor(principal))
  return only ? decideProject(only.id, principal, admin, use, directory) : deny('project-missing')
}

function decideProject(
  id: string,
  principal: Principal,
  admin: boolean,
  use: Question['use'],
  directory: ProjectDirectory,
): Decision {
  const project = directory.find(id)
  if (!project) return deny('not-in-project')
  if (admin) return allow('admin', 'admin', project)
  const membership = directory.membership(principal, id)
  if (!membership) return deny('not-in-project')
  if (membership === 'editor') return allow('project-member', 'editor', project)
  return use === 'read' ? allow('project-viewer', 'viewer', project) : deny('viewer-read-only')
}

function reaches(principal: Principal, admin: boolean, id: string, directory: ProjectDirectory): boolean {
  return directory.find(id) !== undefined && (admin || directory.membership(principal, id) !== undefined)
}

const onlyOne = (projects: readonly Project[]): Project | undefined => (projects.length === 1 ? projects[0] : undefined)
