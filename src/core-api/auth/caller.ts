import type { Membership, Role } from '../../gateway/policy/types.ts'

/** Whoever asks, as a proof showed them. */
export interface Caller {
  readonly proof: 'assertion' | 'bearer'
  /** The issuer's `sub`: the identity. */
  readonly subject: string
  /** A name for people to read; never an identity. */
  readonly username: string
  readonly groups: ReadonlySet<string>
  /** False where the gateway left groups out of an assertion because there were too many. */
  readonly groupsComplete: boolean
  /** Set for a machine: the client that its token was issued to. */
  readonly machine: string | undefined
  /** What the gateway decided for this request; only an assertion says so. */
  readonly judged: { readonly role: Role; readonly projectId: string | undefined } | undefined
}

export interface AccessRules {
  readonly adminGroup: string
  readonly serviceUsers: readonly string[]
}

export interface ProjectGroups {
  readonly id: string
  readonly groups: readonly string[]
  readonly viewerGroups: readonly string[]
}

/** A machine that is named as a service user. */
export function isService(caller: Caller, { serviceUsers }: AccessRules): boolean {
  return caller.machine !== undefined && serviceUsers.includes(caller.machine)
}

/** An administrator by their own groups, and, behind the gateway, by its judgement too. */
export function isAdmin(caller: Caller, rules: AccessRules): boolean {
  if (caller.judged && caller.judged.role !== 'admin') return false
  if (caller.groups.has(rules.adminGroup) || isService(caller, rules)) return true
  return caller.judged !== undefined && !caller.groupsComplete
}

/** What the caller's groups give in a project; never more than the gateway judged for it. Pure. */
export function membership(caller: Caller, project: ProjectGroups): Membership | undefined {
  const judged = caller.judged?.projectId === project.id ? caller.judged.role : undefined
  const own = byGroups(caller, project) ?? (caller.groupsComplete ? undefined : memberByRole(judged))
  return own === 'editor' && judged === 'viewer' ? 'viewer' : own
}

function byGroups({ groups }: Caller, project: ProjectGroups): Membership | undefined {
  if (project.groups.some((group) => groups.has(group))) return 'editor'
  return project.viewerGroups.some((group) => groups.has(group)) ? 'viewer' : undefined
}

const memberByRole = (role: Role | undefined): Membership | undefined =>
  role === 'editor' || role === 'viewer' ? role : undefined
