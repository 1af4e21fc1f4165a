/** What the gateway decided about a request; only its assertion says so. */
export interface GatewayDecision {
  readonly role: 'admin' | 'editor' | 'viewer' | 'user' | 'anonymous'
  readonly projectId: string | undefined
}

/** A verified caller. */
export interface Principal {
  /** The `sub` claim of the issuer: the identity. */
  readonly subject: string
  /** A name for display; not an identity. */
  readonly username: string
  readonly groups: ReadonlySet<string>
  /** False when the gateway left groups out of an assertion because there were too many. */
  readonly groupsComplete: boolean
  /** True when rules of the gateway over the claims of a token may have made the caller a member, without a group. */
  readonly isGranted: boolean
  /** The client that a machine's token was issued to; undefined for a person. */
  readonly machineClientId: string | undefined
  readonly gatewayDecision: GatewayDecision | undefined
}

export type ProjectRole = 'editor' | 'viewer'

export interface ProjectGroups {
  readonly id: string
  readonly groups: readonly string[]
  readonly viewerGroups: readonly string[]
}

/** Permissions that do not depend on a project. */
export interface Permissions {
  readonly administrator: boolean
  /** May read the directory of projects. */
  readonly directoryReader: boolean
  /** May read encrypted credentials for jobs, in any project. */
  readonly jobUser: boolean
}

interface AccessSettings {
  readonly adminGroup: string
  readonly adminClients: readonly string[]
  readonly directoryReaders: readonly string[]
  readonly jobUsers: readonly string[]
  readonly serviceUsers: readonly string[]
}

/** Groups and client IDs give permissions. Behind the gateway, its decision must agree. */
export function permissionsOf(principal: Principal, access: AccessSettings): Permissions {
  const { groups, groupsComplete, machineClientId, gatewayDecision } = principal
  const isIn = (clients: readonly string[]) =>
    machineClientId !== undefined &&
    (clients.includes(machineClientId) || access.serviceUsers.includes(machineClientId))
  const isUncertain = gatewayDecision !== undefined && !groupsComplete
  const gatewayAgrees = gatewayDecision === undefined || gatewayDecision.role === 'admin'
  return {
    administrator: gatewayAgrees && (groups.has(access.adminGroup) || isIn(access.adminClients) || isUncertain),
    directoryReader: isIn(access.directoryReaders),
    jobUser: isIn(access.jobUsers),
  }
}

/** A role in a project, and the group of the project that gives it; without a group if only the gateway knows it. */
export interface ProjectAccess {
  readonly role: ProjectRole
  readonly group: string | undefined
}

/** What a principal's groups give in a project; never more than the gateway decided for that project. */
export function projectAccess(principal: Principal, project: ProjectGroups): ProjectAccess | undefined {
  const { gatewayDecision, groupsComplete, isGranted } = principal
  const decided = gatewayDecision?.projectId === project.id ? gatewayDecision.role : undefined
  const byGroups = accessByGroups(principal, project)
  if (isGranted) return accessDecided(decided) ?? byGroups
  const own = byGroups ?? (groupsComplete ? undefined : accessDecided(decided))
  return own?.role === 'editor' && decided === 'viewer' ? { ...own, role: 'viewer' } : own
}

function accessByGroups({ groups }: Principal, project: ProjectGroups): ProjectAccess | undefined {
  const group = project.groups.find((each) => groups.has(each))
  if (group !== undefined) return { role: 'editor', group }
  const viewerGroup = project.viewerGroups.find((each) => groups.has(each))
  return viewerGroup === undefined ? undefined : { role: 'viewer', group: viewerGroup }
}

const accessDecided = (role: GatewayDecision['role'] | undefined): ProjectAccess | undefined =>
  role === 'editor' || role === 'viewer' ? { role, group: undefined } : undefined
