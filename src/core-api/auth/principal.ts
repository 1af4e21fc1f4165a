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
  readonly serviceUser: boolean
}

interface AccessSettings {
  readonly adminGroup: string
  readonly serviceUsers: readonly string[]
}

/** Groups and client IDs give permissions. Behind the gateway, its decision must agree. */
export function permissionsOf(principal: Principal, { adminGroup, serviceUsers }: AccessSettings): Permissions {
  const { groups, groupsComplete, machineClientId, gatewayDecision } = principal
  const serviceUser = machineClientId !== undefined && serviceUsers.includes(machineClientId)
  const byGroups = groups.has(adminGroup) || serviceUser || (gatewayDecision !== undefined && !groupsComplete)
  const gatewayAgrees = gatewayDecision === undefined || gatewayDecision.role === 'admin'
  return { administrator: byGroups && gatewayAgrees, serviceUser }
}

/** The role that a principal's groups give in a project; never more than the gateway decided for that project. */
export function projectRole(principal: Principal, project: ProjectGroups): ProjectRole | undefined {
  const { gatewayDecision, groupsComplete } = principal
  const decided = gatewayDecision?.projectId === project.id ? gatewayDecision.role : undefined
  const own = roleByGroups(principal, project) ?? (groupsComplete ? undefined : roleDecided(decided))
  return own === 'editor' && decided === 'viewer' ? 'viewer' : own
}

function roleByGroups({ groups }: Principal, project: ProjectGroups): ProjectRole | undefined {
  if (project.groups.some((group) => groups.has(group))) return 'editor'
  return project.viewerGroups.some((group) => groups.has(group)) ? 'viewer' : undefined
}

const roleDecided = (role: GatewayDecision['role'] | undefined): ProjectRole | undefined =>
  role === 'editor' || role === 'viewer' ? role : undefined
