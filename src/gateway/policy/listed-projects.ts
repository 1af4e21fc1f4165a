import { byName, membershipByGroups } from './membership.ts'
import type { Membership, Principal, Project, ProjectRole, ProjectSnapshot } from './types.ts'

/** A snapshot of a list of projects, whose groups make a principal a member. */
export class ListedProjects implements ProjectSnapshot {
  readonly #byId: ReadonlyMap<string, Project>
  readonly #byGroup: ReadonlyMap<string, readonly Project[]>
  readonly #all: readonly Project[]
  /** A principal's memberships never change within a snapshot, and requests of one session share the principal. */
  readonly #memberships = new WeakMap<Principal, readonly ProjectRole<Membership>[]>()

  constructor(projects: readonly Project[] = []) {
    this.#byId = new Map(projects.map((project) => [project.id, project]))
    this.#byGroup = indexByGroup(projects)
    this.#all = Object.freeze([...projects].sort(byName))
  }

  find(id: string): Project | undefined {
    return this.#byId.get(id)
  }

  membership(principal: Principal, id: string): Membership | undefined {
    const project = this.#byId.get(id)
    return project && membershipByGroups(principal, project)
  }

  memberships(principal: Principal): readonly ProjectRole<Membership>[] {
    const known = this.#memberships.get(principal)
    if (known) return known
    const list = Object.freeze(this.#membershipsOf(principal))
    this.#memberships.set(principal, list)
    return list
  }

  #membershipsOf(principal: Principal): ProjectRole<Membership>[] {
    const found = new Set<Project>()
    for (const group of principal.groups) for (const project of this.#byGroup.get(group) ?? []) found.add(project)
    return [...found].sort(byName).flatMap((project) => {
      const role = membershipByGroups(principal, project)
      return role === undefined ? [] : [{ project, role }]
    })
  }

  all(): readonly Project[] {
    return this.#all
  }
}

function indexByGroup(projects: readonly Project[]): Map<string, Project[]> {
  const index = new Map<string, Project[]>()
  for (const project of projects) {
    for (const group of new Set([...project.groups, ...project.viewerGroups])) {
      const list = index.get(group)
      if (list) list.push(project)
      else index.set(group, [project])
    }
  }
  return index
}
