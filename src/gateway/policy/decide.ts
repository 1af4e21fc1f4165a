import { onlyReachableProject, reachableByName, reachableProject } from './reachable.ts'
import { isAdmin } from './roles.ts'
import { shortfallOf } from './step-up.ts'
import type {
  AccessRules,
  AllowReason,
  Decision,
  DenyReason,
  Principal,
  Project,
  ProjectRole,
  ProjectSnapshot,
  Question,
  Role,
  StepUpQuestion,
  Use,
} from './types.ts'

const deny = (reason: DenyReason, project?: Project): Decision =>
  project ? { allow: false, reason, project } : { allow: false, reason }
const allow = (reason: AllowReason, role: Role, project?: Project): Decision =>
  project ? { allow: true, reason, role, project } : { allow: true, reason, role }

/**
 * The gateway's only decision: pure, total, default deny, one named reason for each outcome. Checks run from who asks to
 * what is asked to which project, so that a denial never tells more than the caller may know.
 * @param projects Undefined while no source has delivered any: a question about projects is denied as `projects-down`,
 * every other question is decided as usual.
 */
export function decide(question: Question, rules: AccessRules, projects: ProjectSnapshot | undefined): Decision {
  const decision = decideAccess(question, rules, projects)
  const { stepUp, principal } = question
  if (stepUp === undefined || principal === undefined || !decision.allow || decision.role === 'anonymous')
    return decision
  return decideStepUp(stepUp, principal) ?? decision
}

/** Last, so that nobody authenticates again only to be denied. */
function decideStepUp({ rule, authentication, now }: StepUpQuestion, { kind }: Principal): Decision | undefined {
  if (kind === 'machine' && rule.permitsMachines) return undefined
  const shortfall = kind === 'machine' ? ({ kind } as const) : shortfallOf(rule, authentication, now)
  return shortfall && { allow: false, reason: 'step-up-required', rule, shortfall }
}

function decideAccess(question: Question, rules: AccessRules, projects: ProjectSnapshot | undefined): Decision {
  const { access, use, principal, named, projectName, namespace, selected } = question
  if (use === 'denied') return deny('app-denied')
  if (access === 'public') return allow('public-route', 'anonymous')
  if (!principal) return deny('login-required')

  const admin = isAdmin(principal, rules)
  if (!admin && (access === 'admin' || use === 'admin')) return deny('admin-only')

  if (named.kind === 'malformed') return deny('project-malformed')
  if (named.kind === 'ambiguous') return deny('project-ambiguous')
  if (projectName !== undefined || namespace !== undefined)
    return projects ? decideByAlias(question, principal, rules, projects) : deny('projects-down')
  if (named.kind === 'named') {
    return projects ? decideProject(reachableProject(projects, principal, rules, named.id), use) : deny('projects-down')
  }
  if (access === 'admin') return allow('admin', 'admin')
  if (access === 'login') return allow('signed-in', admin ? 'admin' : 'user')
  if (access === 'member' && admin && selected === undefined) return allow('admin', 'admin')
  return projects ? decideUnnamed(question, principal, rules, projects) : deny('projects-down')
}

function decideProject(reached: ProjectRole | undefined, use: Use): Decision {
  if (!reached) return deny('not-in-project')
  const { project, role } = reached
  if (role === 'admin') return allow('admin', 'admin', project)
  if (role === 'editor') return allow('project-member', 'editor', project)
  return use === 'read' ? allow('project-viewer', 'viewer', project) : deny('viewer-read-only', project)
}

/**
 * A name or a namespace that the caller does not reach is denied in the same way as one that stands for no project, also
 * beside an ID: what it stands for is not compared with anything.
 */
function decideByAlias(
  { named, projectName, namespace, use }: Question,
  principal: Principal,
  rules: AccessRules,
  projects: ProjectSnapshot,
): Decision {
  const reached: (ProjectRole | undefined)[] = []
  if (projectName !== undefined) reached.push(reachableByName(projects, principal, rules, projectName))
  if (namespace !== undefined) {
    const { projectId } = namespace
    reached.push(projectId === undefined ? undefined : reachableProject(projects, principal, rules, projectId))
  }
  const [first] = reached
  if (first === undefined || reached.includes(undefined)) return deny('not-in-project')
  const { id } = first.project
  const agree = reached.every((each) => each?.project.id === id) && (named.kind !== 'named' || named.id === id)
  return agree ? decideProject(first, use) : deny('project-ambiguous')
}

/** `project` and `member` routes where the request itself names no project. A stale selection counts as none. */
function decideUnnamed(
  { access, selected, use }: Question,
  principal: Principal,
  rules: AccessRules,
  projects: ProjectSnapshot,
): Decision {
  const chosen = selected === undefined ? undefined : reachableProject(projects, principal, rules, selected)
  if (chosen) return decideProject(chosen, use)
  if (access === 'member') {
    return isAdmin(principal, rules) ? allow('admin', 'admin') : decideMember(projects.memberships(principal), use)
  }
  const only = onlyReachableProject(projects, principal, rules)
  return only ? decideProject(only, use) : deny('project-missing')
}

/** A `member` route across all of the principal's projects: the strongest role counts. */
function decideMember(memberships: readonly ProjectRole[], use: Use): Decision {
  if (memberships.length === 0) return deny('not-a-member')
  if (memberships.some(({ role }) => role === 'editor')) return allow('member', 'editor')
  return use === 'read' ? allow('member', 'viewer') : deny('viewer-read-only')
}
