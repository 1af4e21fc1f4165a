import type { ProjectConfig } from '../../gateway/config/schema.ts'
import { decide } from '../../gateway/policy/decide.ts'
import { ListedProjects } from '../../gateway/policy/listed-projects.ts'
import type { Principal, Use } from '../../gateway/policy/types.ts'
import type { Action } from './levels.ts'
import type { Resource } from './old-access.ts'

/** Resource types that the gateway's MLflow profile does not treat as project data, and what their routes need. */
const SPECIAL: Record<string, Partial<Record<Action, Use>>> = {
  gateway_secret: { read: 'admin', use: 'admin', update: 'admin', delete: 'admin' },
  gateway_endpoint: { update: 'admin', delete: 'admin' },
  gateway_model_definition: { update: 'admin', delete: 'admin' },
}

/** Access under the gateway: the decision that it makes for requests, with the groups that a user will have. */
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

  /** The users at the issuer, by name. */
  get users(): readonly string[] {
    return [...this.#groups.keys()]
  }

  /** Without a project of its name, a workspace cannot be reached. */
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
