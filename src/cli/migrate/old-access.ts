import { CliError } from '../cli-error.ts'
import type { AuthDatabase } from './database/auth-database.ts'
import type { Grant, User } from './grant.ts'
import type { BasicAuthIni } from './ini.ts'
import { type Action, allows, isAtLeast, isLevel, type Level, strongest } from './levels.ts'

/** A resource. `id` `*` stands for all resources of the type that no grant names. */
export interface Resource {
  readonly workspace: string
  readonly type: string
  readonly id: string
}

/** The only workspace of a server without workspaces. */
export const DEFAULT_WORKSPACE = 'default'

/** Access under the basic-auth app, by the rules for the shape of its database. */
export class OldAccess {
  readonly #ini: BasicAuthIni
  readonly #database: AuthDatabase
  readonly #workspacesOn: boolean

  constructor(ini: BasicAuthIni, database: AuthDatabase, workspacesOn: boolean) {
    this.#ini = ini
    this.#database = database
    this.#workspacesOn = workspacesOn
    for (const { permission } of database.grants) {
      if (permission === 'DENY' || isLevel(permission)) continue
      throw new CliError(`${database.path}: permission: expected a level of MLflow or DENY, got "${permission}"`)
    }
  }

  /** Whether the user may perform the action on the resource. */
  may(user: User, action: Action, resource: Resource): boolean {
    if (user.isAdmin) return true
    if (action === 'create') return this.#mayCreate(user, resource.workspace)
    return allows(this.#level(user, resource), action)
  }

  /** What the server grants to every user in the workspace by default. */
  grantedToEveryone(workspace: string): Level {
    const open = !this.#workspacesOn || (workspace === DEFAULT_WORKSPACE && this.#ini.defaultWorkspaceOpen)
    return open ? this.#ini.defaultPermission : 'NO_PERMISSIONS'
  }

  grantsOf(user: User, workspace: string): Grant[] {
    return this.#database.grants.filter((grant) => grant.userId === user.id && grant.workspace === workspace)
  }

  #mayCreate(user: User, workspace: string): boolean {
    if (!this.#workspacesOn) return true
    const member = this.#workspaceLevel(user, workspace)
    return isAtLeast(member ?? this.grantedToEveryone(workspace), 'USE')
  }

  #workspaceLevel(user: User, workspace: string): Level | undefined {
    return fold(this.grantsOf(user, workspace).filter((grant) => grant.type === 'workspace'))
  }

  #level(user: User, resource: Resource): Level {
    const { workspace, type, id } = resource
    const matching = this.grantsOf(user, workspace).filter(
      (grant) => grant.type === type && (grant.pattern === '*' || grant.pattern === id),
    )
    return this.#database.shape === 'roles'
      ? this.#levelByRoles(user, workspace, matching)
      : this.#levelByRow(user, workspace, matching)
  }

  /** MANAGE on the workspace first, then DENY, then the strongest row, and at least the default. */
  #levelByRoles(user: User, workspace: string, matching: Grant[]): Level {
    if (this.#workspaceLevel(user, workspace) === 'MANAGE') return 'MANAGE'
    if (matching.some((grant) => grant.permission === 'DENY')) return 'NO_PERMISSIONS'
    const granted = fold(matching)
    if (granted === undefined) return this.grantedToEveryone(workspace)
    return strongest(granted, this.#ini.defaultPermission)
  }

  /** Before roles, the row for the resource decided, even if it was weaker; then that of the workspace; then the default. */
  #levelByRow(user: User, workspace: string, matching: Grant[]): Level {
    const member = this.#workspacesOn ? this.#workspaceLevel(user, workspace) : undefined
    return fold(matching) ?? member ?? this.grantedToEveryone(workspace)
  }
}

function fold(grants: readonly Grant[]): Level | undefined {
  const levels = grants.map((grant) => grant.permission).filter(isLevel)
  return levels.length === 0 ? undefined : levels.reduce(strongest)
}
