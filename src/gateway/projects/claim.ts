import { parseProjectId } from '../../shared/project-id.ts'
import type { Membership, Principal, Project, ProjectDirectory } from '../policy/types.ts'

/**
 * `projects.source: claim`: the issuer says which projects a principal is in, and the gateway keeps no list.
 * Every UUID is a project; only the claim makes a member. Names are not known: the id stands for the name.
 */
export class ClaimDirectory implements ProjectDirectory {
  readonly version = 0

  find(id: string): Project | undefined {
    return parseProjectId(id) === id ? { id, name: id, groups: [], viewerGroups: [] } : undefined
  }

  membership(principal: Principal, id: string): Membership | undefined {
    return principal.projectIds.has(id) ? 'editor' : undefined
  }

  listFor(principal: Principal): readonly Project[] {
    return [...principal.projectIds].sort().flatMap((id) => this.find(id) ?? [])
  }

  all(): readonly Project[] {
    return []
  }
}
