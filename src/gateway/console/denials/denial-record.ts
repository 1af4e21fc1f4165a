import type { Refusal } from '../../errors.ts'
import type { Grant, Principal, Project, ProjectSnapshot } from '../../policy/types.ts'
import { routeFacts } from '../../request/explain.ts'
import { type Step, stepOf } from '../../request/steps.ts'
import { type ClaimedProject, claimedProject } from '../../routing/claimed-project.ts'
import type { RequestContext } from '../../routing/request-context.ts'

/** Who was denied, with the groups of that moment. */
export interface DeniedCaller {
  readonly issuer: string
  readonly subject: string
  readonly username: string
  readonly kind: 'person' | 'machine'
  readonly via: 'session' | 'bearer'
  readonly groups: readonly string[]
  /** Groups that are not in {@link groups}, because there were too many. */
  readonly moreGroups?: number
  /** Memberships by rules over the claims of the token; at most {@link MAX_GRANTS}. */
  readonly grants?: readonly Grant[]
}

/**
 * A denial as administrators look it up: what was decided, and everything that the decision compared. For administrators
 * alone. It contains no query, cookie, token or body.
 */
export interface DenialRecord {
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly reason: string
  readonly status: number
  /** What the log says. */
  readonly detail: string
  readonly step: Step
  readonly method: string
  readonly host: string
  /** Absent: it could not be read. */
  readonly path?: string
  /** The gateway's own endpoint that the request was for. */
  readonly endpoint?: string
  readonly route?: string
  readonly access?: string
  readonly use?: string
  /** Address of the client. */
  readonly client: string
  readonly caller?: DeniedCaller
  readonly claimed?: ClaimedProject
  /** The claimed project as it was, if there was one. */
  readonly project?: Pick<Project, 'id' | 'name' | 'groups' | 'viewerGroups'>
}

const MAX_TEXT = 500
const MAX_GROUPS = 100
const MAX_GRANTS = 20
/** Characters of all group names of a caller, and of a project: a record stays below 15 KB. */
const MAX_GROUP_TEXT = 4000
const cut = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text)

/** @param projects Those that are known now; undefined: none yet */
export function denialRecordOf(
  context: RequestContext,
  denial: Refusal,
  projects: ProjectSnapshot | undefined,
  at: number,
): DenialRecord {
  const { head, host, target, endpoint, caller } = context
  const claimed = shortClaim(claimedProject(context))
  const project = claimed && projects && findProject(projects, claimed)
  return {
    requestId: head.requestId,
    at,
    reason: denial.reason,
    status: denial.status,
    detail: cut(denial.message),
    step: stepOf(context, denial.reason),
    method: cut(head.method),
    host: cut(host || (head.host ?? '')),
    ...(target !== undefined && { path: cut(target.path) }),
    ...(endpoint !== undefined && { endpoint }),
    ...routeFacts(context),
    client: head.clientAddress,
    ...(caller !== undefined && { caller: { ...deniedCaller(caller.principal), via: caller.via } }),
    ...(claimed !== undefined && { claimed }),
    ...(project !== undefined && { project: shortProject(project) }),
  }
}

function deniedCaller({ issuer, subject, username, kind, groups, grants }: Principal) {
  const kept = shorten([...groups])
  const more = groups.size - kept.length
  return {
    ...{ issuer, subject, kind, username: cut(username) },
    groups: kept,
    ...(more > 0 && { moreGroups: more }),
    ...(grants && { grants: grants.slice(0, MAX_GRANTS) }),
  }
}

/** The first names, as far as there is room. */
function shorten(names: readonly string[]): readonly string[] {
  let room = MAX_GROUP_TEXT
  return names.slice(0, MAX_GROUPS).filter((name) => {
    room -= name.length
    return room >= 0
  })
}

const shortProject = ({ id, name, groups, viewerGroups }: Project) => ({
  ...{ id, name },
  groups: shorten(groups),
  viewerGroups: shorten(viewerGroups),
})

const shortClaim = (claimed: ClaimedProject | undefined): ClaimedProject | undefined =>
  claimed && 'value' in claimed ? { ...claimed, value: cut(claimed.value) } : claimed

function findProject(projects: ProjectSnapshot, claimed: ClaimedProject): Project | undefined {
  if (!('value' in claimed)) return undefined
  if (claimed.by === 'namespace') return claimed.projectId === undefined ? undefined : projects.find(claimed.projectId)
  return claimed.by === 'name' ? projects.findByName(claimed.value) : projects.find(claimed.value)
}
