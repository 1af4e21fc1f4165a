import { parseProjectId } from '../../shared/project-id.ts'
import type { Membership, Principal, Project, ProjectRole, ProjectSnapshot } from './types.ts'

/**
 * The snapshot where the issuer says which projects a principal is in, and the gateway keeps no list. Every UUID is a
 * project; only the claim makes a member. Names are not known, so the ID is the name.
 */
export class ClaimedProjects implements ProjectSnapshot {
  find(id: string): Project | undefined {
    return parseProjectId(id) === id ? { id, name: id, groups: [], viewerGroups: [] } : undefined
  }

  findByName(): undefined {
    return undefined
  }

  membership({ projectIds }: Principal, id: string): Membership | undefined {
    return projectIds.has(id) ? 'editor' : undefined
  }

  memberships({ projectIds }: Principal): readonly ProjectRole<Membership>[] {
    return [...projectIds].sort().flatMap((id) => {
      const project = this.find(id)
      return project ? [{ project, role: 'editor' as const }] : []
    })
  }

  all(): readonly Project[] {
    return []
  }
}
