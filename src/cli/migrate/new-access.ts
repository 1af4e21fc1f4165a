import type { ProjectConfig } from '../../gateway/config/schema.ts'
import { decide } from '../../gateway/policy/decide.ts'
import { ListedProjects } from '../../gateway/policy/listed-projects.ts'
import type { Principal, Use } from '../../gateway/policy/types.ts'
import type { Action } from './levels.ts'
import type { Resource } from './old-access.ts'

/** How the gateway's MLflow profile classes the routes of a resource type that it does not treat as project data. */
const SPECIAL: Record<string, Partial<Record<Action, Use>>> = {
  gateway_secret: { read: 'admin', use: 'admin', update: 'admin', delete: 'admin' },
  gateway_endpoint: { update: 'admin', delete: 'admin' },
  gateway_model_definition: { update: 'admin', delete: 'admin' },
}

/** Access under the gateway: asked of the very function that judges requests, with the groups a user will have. */
export class NewAccess {
  readonly #projects: ReadonlyMap<string, ProjectConfig>
  readonly #listed: ListedProjects
  readonly #groups: ReadonlyMap<string, readonly string[]>
  readonly #adminGroup: string

  /** @param groups Groups of every user, by user name. */
  constructor(projects: readonly ProjectConfig[], groups: ReadonlyMap<string, readonly string[]>, adminGroup: string) {
    this.#projects = new Map(projects.map((project) => [project.name, project]))
    this.#listed = new ListedProjects(projects)
    this.#groups = groups
    this.#adminGroup = adminGroup
  }

  /** Every user whom the issuer will know, by name. */
  get users(): readonly string[] {
    return [...this.#groups.keys()]
  }

  /** A workspace that no project is named after is reachable by nobody. */
  may(user: string, action: Action, resource: Resource): boolean {
    const project = this.#projects.get(resource.workspace)
    if (project === undefined) return false
    const use = SPECIAL[resource.type]?.[action] ?? (action === 'read' ? 'read' : 'write')
    const question = {
      access: 'project',
      use,
      principal: this.#principal(user),
      named: { kind: 'named', id: project.id },
      selected: undefined,
    } as const
    return decide(question, { adminGroup: this.#adminGroup, serviceUsers: new Set() }, this.#listed).allow
  }

  #principal(user: string): Principal {
    return {
      issuer: 'https://issuer.invalid',
      subject: user,
      kind: 'person',
      username: user,
      groups: new Set(this.#groups.get(user) ?? []),
      projectIds: new Set(),
    }
  }
}
