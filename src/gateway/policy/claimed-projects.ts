import { parseProjectId } from '../../shared/project-id.ts'
import { membershipByGrants } from './membership.ts'
import type { Membership, Principal, Project, ProjectRole, ProjectSnapshot } from './types.ts'

/**
 * The snapshot where the issuer says which projects a principal is in, and the gateway keeps no list. Every UUID is a
 * project; only the claim, or a rule over claims, makes a member. Names are not known, so the ID is the name.
 */
export class ClaimedProjects implements ProjectSnapshot {
  find(id: string): Project | undefined {
    return parseProjectId(id) === id ? { id, name: id, groups: [], viewerGroups: [] } : undefined
  }

  findByName(): undefined {
    return undefined
  }

  membership(principal: Principal, id: string): Membership | undefined {
    return principal.projectIds.has(id) ? 'editor' : membershipByGrants(principal, id)
  }

  memberships(principal: Principal): readonly ProjectRole<Membership>[] {
    const granted = (principal.grants ?? []).map(({ projectId }) => projectId)
    return [...new Set([...principal.projectIds, ...granted])].sort().flatMap((id) => {
      const [project, role] = [this.find(id), this.membership(principal, id)]
      return project && role ? [{ project, role }] : []
    })
  }

  all(): readonly Project[] {
    return []
  }
}
