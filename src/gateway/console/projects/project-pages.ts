import { pageReply } from '../../http/reply.ts'
import { type ProjectView, projectsPage } from '../../pages/console/projects-page.ts'
import type { Principal, Project, ProjectSnapshot } from '../../policy/types.ts'
import { currentProjects } from '../../projects/source.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import type { ConsoleContext } from '../console-deps.ts'
import { type ConsoleHandler, type Note, numberOf, textOf } from '../console-request.ts'
import { pagesOf } from '../sessions/session-directory.ts'

const LIMIT = 25
/** Sessions that members are looked for in, newest first. */
const SESSIONS = 2000
const MEMBERS_SHOWN = 20

interface Seen {
  readonly principal: Principal
  /** When the oldest of these sessions began, ms since the epoch. */
  readonly since: number
}

/** `projects?search=&offset=`: each project with its groups and the members that were seen. */
export function showProjects(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const snapshot = currentProjects(context.projects)
    const [search, offset] = [textOf(request.query, 'search'), numberOf(request.query, 'offset', 0)]
    const { users, sessions } = await seenUsers(context.sessions)
    const matching = projectsOf(snapshot, users).filter((project) => matches(project, search.toLowerCase()))
    const members = membersOf(snapshot, users)
    note(request, 'project.list', search === '' ? {} : { detail: search })
    const view = {
      ...{ search, offset, limit: LIMIT, sessions },
      source: context.config.projects.source,
      total: matching.length,
      projects: matching.slice(offset, offset + LIMIT).map((project) => viewOf(project, members.get(project.id) ?? [])),
    }
    return pageReply(200, context.render(projectsPage(request.frame, view)))
  }
}

/** The users of the newest sessions, each once, with the claims of the newest session. @throws Refusal store-down */
export async function seenUsers(source: Pick<Sessions, 'list'>): Promise<{ users: readonly Seen[]; sessions: number }> {
  const users = new Map<string, Seen>()
  let sessions = 0
  for await (const page of pagesOf(source, SESSIONS)) {
    sessions += page.length
    for (const { principal, createdAt } of page) {
      const id = JSON.stringify([principal.issuer, principal.subject])
      const known = users.get(id)
      users.set(id, { principal: known?.principal ?? principal, since: Math.min(known?.since ?? createdAt, createdAt) })
    }
  }
  return { users: [...users.values()], sessions }
}

/** Every project; where only claims name them, those of the users that were seen. */
function projectsOf(snapshot: ProjectSnapshot, users: readonly Seen[]): readonly Project[] {
  const all = snapshot.all()
  if (all.length > 0) return all
  const claimed = users.flatMap(({ principal }) => snapshot.memberships(principal).map(({ project }) => project))
  return [...new Map(claimed.map((project) => [project.id, project])).values()]
}

const matches = ({ id, name, groups, viewerGroups }: Project, text: string) =>
  [id, name, ...groups, ...viewerGroups].some((each) => each.toLowerCase().includes(text))

type Members = Map<string, ProjectView['members'][number][]>

function membersOf(snapshot: ProjectSnapshot, users: readonly Seen[]): Members {
  const members: Members = new Map()
  for (const { principal, since } of users)
    for (const { project, role } of snapshot.memberships(principal)) {
      const list = members.get(project.id) ?? []
      list.push({ username: principal.username, subject: principal.subject, role, since })
      members.set(project.id, list)
    }
  return members
}

const viewOf = (project: Project, members: ProjectView['members']): ProjectView => ({
  id: project.id,
  name: project.name,
  groups: project.groups,
  viewerGroups: project.viewerGroups,
  members: members.slice(0, MEMBERS_SHOWN),
  moreMembers: Math.max(0, members.length - MEMBERS_SHOWN),
})
