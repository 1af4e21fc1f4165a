import { byName, membershipIn } from './membership.ts'
import type { Membership, Principal, Project, ProjectRole, ProjectSnapshot } from './types.ts'

/** A snapshot of a list of projects, whose groups make a principal a member. */
export class ListedProjects implements ProjectSnapshot {
  readonly #byId: ReadonlyMap<string, Project>
  readonly #byName: ReadonlyMap<string, Project | undefined>
  readonly #byGroup: ReadonlyMap<string, readonly Project[]>
  readonly #all: readonly Project[]
  /** A principal's memberships never change within a snapshot, and requests of one session share the principal. */
  readonly #memberships = new WeakMap<Principal, readonly ProjectRole<Membership>[]>()

  constructor(projects: readonly Project[] = []) {
    this.#byId = new Map(projects.map((project) => [project.id, project]))
    this.#byName = indexByName(projects)
    this.#byGroup = indexByGroup(projects)
    this.#all = Object.freeze([...projects].sort(byName))
  }

  find(id: string): Project | undefined {
    return this.#byId.get(id)
  }

  findByName(name: string): Project | undefined {
    return this.#byName.get(name)
  }

  membership(principal: Principal, id: string): Membership | undefined {
    const project = this.#byId.get(id)
    return project && membershipIn(principal, project)
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
    for (const { projectId } of principal.grants ?? []) {
      const project = this.#byId.get(projectId)
      if (project) found.add(project)
    }
    return [...found].sort(byName).flatMap((project) => {
      const role = membershipIn(principal, project)
      return role === undefined ? [] : [{ project, role }]
    })
  }

  all(): readonly Project[] {
    return this.#all
  }
}

/** A name that two projects have leads to neither. A current name counts before a previous one. */
function indexByName(projects: readonly Project[]): Map<string, Project | undefined> {
  const current = uniqueNames(projects, ({ name }) => [name])
  const previous = uniqueNames(projects, ({ previousNames = [] }) => previousNames)
  return new Map([...previous, ...current])
}

function uniqueNames(
  projects: readonly Project[],
  namesOf: (project: Project) => readonly string[],
): Map<string, Project | undefined> {
  const index = new Map<string, Project | undefined>()
  for (const project of projects) {
    for (const name of namesOf(project)) {
      const isTaken = index.has(name) && index.get(name) !== project
      index.set(name, isTaken ? undefined : project)
    }
  }
  return index
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
