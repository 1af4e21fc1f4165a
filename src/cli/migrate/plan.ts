import { createHash } from 'node:crypto'
import type { ProjectConfig } from '../../gateway/config/schema.ts'
import { parseProjectId } from '../../shared/project-id.ts'
import type { AuthDatabase } from './database/auth-database.ts'
import type { Grant, User } from './grant.ts'
import { isAtLeast, isLevel, type Level } from './levels.ts'
import { DEFAULT_WORKSPACE, type OldAccess } from './old-access.ts'

export type Membership = 'member' | 'viewer'

export interface PlanOptions {
  readonly adminGroup: string
  /** Prefix of the groups of a workspace, before its name. */
  readonly groupPrefix: string
  /** What a grant on a single experiment or model becomes: nothing, or membership of the whole project. */
  readonly resourceGrants: 'none' | 'widen'
}

export interface Plan {
  readonly adminGroup: string
  /** One project per workspace, with new groups. */
  readonly projects: readonly ProjectConfig[]
  /** Groups of every user, by user name. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  readonly placements: readonly { user: string; project: string; as: Membership; because: string }[]
  /** What has no counterpart and needs a decision: one sentence each. */
  readonly undecided: readonly string[]
}

/** The workspace's name if it is a UUID, else a UUID derived from the name. */
export function projectIdOf(workspace: string): string {
  if (parseProjectId(workspace) === workspace) return workspace
  const hash = createHash('sha256').update(`mlflow workspace ${workspace}`).digest('hex')
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  // Version 8 of RFC 9562 §5.8: a UUID with custom bits.
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

/** A server without workspaces reads only the grants of `default`. */
export const workspacesOf = (database: AuthDatabase, workspacesOn: boolean): readonly string[] =>
  workspacesOn ? database.workspaces : [DEFAULT_WORKSPACE]

/** What becomes of users and workspaces under the gateway. */
export function planMigration(
  database: AuthDatabase,
  access: OldAccess,
  workspaces: readonly string[],
  options: PlanOptions,
): Plan {
  const projects = workspaces.map((workspace) => ({
    id: projectIdOf(workspace),
    name: workspace,
    groups: [`${options.groupPrefix}${workspace}`],
    viewerGroups: [`${options.groupPrefix}${workspace}-viewers`],
  }))
  const users = database.users.filter((user) => !user.isAdmin)
  const placements = users.flatMap((user) =>
    workspaces.flatMap((workspace) => {
      const placed = place(access, user, workspace, options)
      return placed === undefined ? [] : [{ user: user.name, project: workspace, ...placed }]
    }),
  )
  const groups = new Map(
    database.users.map((user) => [
      user.name,
      user.isAdmin
        ? [options.adminGroup]
        : placements
            .filter((placement) => placement.user === user.name)
            .map(({ project, as }) => `${options.groupPrefix}${project}${as === 'viewer' ? '-viewers' : ''}`),
    ]),
  )
  const undecided = [
    ...sameNames(database.users),
    ...users.flatMap((user) => openQuestions(access, user, workspaces, options)),
  ]
  return { adminGroup: options.adminGroup, projects, groups, placements, undecided }
}

function place(access: OldAccess, user: User, workspace: string, options: PlanOptions) {
  const grants = access.grantsOf(user, workspace)
  const member = grants.find((grant) => grant.type === 'workspace' && reaches(grant, 'USE'))
  if (member) return { as: 'member', because: `${member.permission} of the workspace${by(member)}` } as const
  const wide = grants.filter((grant) => grant.pattern === '*' || options.resourceGrants === 'widen')
  const everyone = access.grantedToEveryone(workspace)
  const writes = wide.find((grant) => reaches(grant, 'EDIT'))
  if (writes) return { as: 'member', because: `${describe(writes)}${by(writes)}` } as const
  if (isAtLeast(everyone, 'EDIT')) return { as: 'member', because: `default_permission ${everyone}` } as const
  const reads = wide.find((grant) => reaches(grant, 'READ'))
  if (reads) return { as: 'viewer', because: `${describe(reads)}${by(reads)}` } as const
  if (isAtLeast(everyone, 'READ')) return { as: 'viewer', because: `default_permission ${everyone}` } as const
  return undefined
}

const reaches = (grant: Grant, least: Level) => isLevel(grant.permission) && isAtLeast(grant.permission, least)
const describe = (grant: Grant) => `${grant.permission} on ${grant.type} ${grant.pattern}`
const by = (grant: Grant) => (grant.role === undefined ? '' : ` by role ${grant.role}`)

function openQuestions(access: OldAccess, user: User, workspaces: readonly string[], options: PlanOptions): string[] {
  return workspaces.flatMap((workspace) =>
    access.grantsOf(user, workspace).flatMap((grant) => {
      const where = `${user.name} in ${workspace}: ${describe(grant)}`
      if (grant.permission === 'DENY' || grant.permission === 'NO_PERMISSIONS') {
        return [
          `${where}: within a project, the gateway denies nothing; remove the user from the project, or accept this`,
        ]
      }
      if (grant.type === 'workspace' && grant.permission === 'MANAGE') {
        return [`${where}: a project has no administrator; members are managed at the issuer`]
      }
      if (grant.pattern === '*' || options.resourceGrants === 'widen') return []
      return [
        `${where}: the gateway grants access to whole projects; add the user to the project (--resource-grants widen), or not at all`,
      ]
    }),
  )
}

/** Issuers commonly compare user names without case; MLflow does not. */
function sameNames(users: readonly User[]): string[] {
  const seen = new Map<string, string>()
  return users.flatMap(({ name }) => {
    const other = seen.get(name.toLowerCase())
    seen.set(name.toLowerCase(), name)
    return other === undefined
      ? []
      : [`${other} and ${name}: two users whose names differ by case alone become one at most issuers`]
  })
}
