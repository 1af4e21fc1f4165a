import type { AuthDatabase } from './database/auth-database.ts'
import type { BasicAuthIni } from './ini.ts'
import type { OldAccess } from './old-access.ts'
import type { Plan } from './plan.ts'

const list = (lines: readonly string[]): string =>
  lines.length === 0 ? '  (none)' : lines.map((line) => `  ${line}`).join('\n')

/** The report: roles of users, what has no counterpart, and what was granted by default. */
export function report(
  ini: BasicAuthIni,
  database: AuthDatabase,
  access: OldAccess,
  plan: Plan,
  workspacesOn: boolean,
): string {
  const admins = database.users.filter((user) => user.isAdmin).map((user) => user.name)
  const placed = new Set(plan.placements.map((placement) => placement.user))
  const nowhere = database.users.filter((user) => !user.isAdmin && !placed.has(user.name)).map((user) => user.name)
  const as = (membership: 'member' | 'viewer') =>
    plan.placements
      .filter((placement) => placement.as === membership)
      .map(({ user, project, because }) => `${user} of ${project} (${because})`)
  return [
    `${database.path}: ${database.users.length} users, ${database.grants.length} grants, ${
      database.shape === 'roles' ? 'in roles' : 'in the tables before roles'
    }; workspaces ${workspacesOn ? 'on' : 'off'}`,
    `Administrators (group ${plan.adminGroup}):\n${list(admins)}`,
    `Members (read and write everything in the project):\n${list(as('member'))}`,
    `Viewers (read everything in the project):\n${list(as('viewer'))}`,
    `In no project:\n${list(nowhere)}`,
    `Projects:\n${list(plan.projects.map(({ id, name, groups, viewerGroups }) => `${name} = ${id}, groups ${[...groups, ...viewerGroups].join(', ')}`))}`,
    `Granted to everyone by default_permission = ${ini.defaultPermission}:\n${list(grantedToEveryone(access, plan))}`,
    `Needs a decision:\n${list([...sourceOfUsers(ini), ...plan.undecided])}`,
  ].join('\n\n')
}

function grantedToEveryone(access: OldAccess, plan: Plan): string[] {
  return plan.projects.flatMap(({ name }) => {
    const level = access.grantedToEveryone(name)
    return level === 'NO_PERMISSIONS' ? [] : [`${level} on all of ${name}, for every user`]
  })
}

const sourceOfUsers = ({ authorizationFunction }: BasicAuthIni): string[] =>
  authorizationFunction === undefined
    ? []
    : [
        `authorization_function ${authorizationFunction}: it defined the users; the database may not contain all of them`,
      ]
