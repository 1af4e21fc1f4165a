import type { Membership, Principal, Project, ProjectDirectory } from './types.ts'

/** Projects held in memory, whatever source fills them; replacing the list is atomic. */
export class ProjectSnapshot implements ProjectDirectory {
  #byId: ReadonlyMap<string, Project> = new Map()
  #byGroup: ReadonlyMap<string, readonly Project[]> = new Map()
  #all: readonly Project[] = []
  #version = 0
  /** Answers of `listFor`, per principal; forgotten when the list changes. */
  #listed = new WeakMap<Principal, readonly Project[]>()

  constructor(projects: readonly Project[] = []) {
    this.replace(projects)
  }

  get version(): number {
    return this.#version
  }

  replace(projects: readonly Project[]): void {
    this.#byId = new Map(projects.map((project) => [project.id, project]))
    this.#byGroup = indexByGroup(projects)
    this.#all = [...projects].sort(byName)
    this.#listed = new WeakMap()
    this.#version += 1
  }

  find(id: string): Project | undefined {
    return this.#byId.get(id)
  }

  /** The strongest membership counts: a viewer who is also in a security group may write. */
  membership(principal: Principal, id: string): Membership | undefined {
    const project = this.#byId.get(id)
    if (!project) return undefined
    for (const group of project.groups) if (principal.groups.has(group)) return 'editor'
    for (const group of project.viewerGroups) if (principal.groups.has(group)) return 'viewer'
    return undefined
  }

  listFor(principal: Principal): readonly Project[] {
    const known = this.#listed.get(principal)
    if (known) return known
    const found = new Set<Project>()
    for (const group of principal.groups) for (const project of this.#byGroup.get(group) ?? []) found.add(project)
    const list = [...found].sort(byName)
    this.#listed.set(principal, list)
    return list
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

const byName = (a: Project, b: Project) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1)
