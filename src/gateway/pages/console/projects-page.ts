import { html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage } from './console-frame.ts'
import { groupList, moment, type Part, pager, plural, table } from './console-table.ts'

export interface MemberView {
  readonly username: string
  readonly subject: string
  readonly role: string
  /** Since when this member has a session, ms since the epoch. */
  readonly since: number
}

export interface ProjectView {
  readonly id: string
  readonly name: string
  readonly groups: readonly string[]
  readonly viewerGroups: readonly string[]
  readonly members: readonly MemberView[]
  /** Members that are not listed. */
  readonly moreMembers: number
}

export interface ProjectsView extends Part {
  /** The source of projects: `static`, `file`, `claim` or `core`. */
  readonly source: string
  /** Sessions that members were looked for in. */
  readonly sessions: number
  readonly projects: readonly ProjectView[]
}

export function projectsPage(frame: ConsoleFrame, view: ProjectsView): PageContent {
  const { search, source, projects, sessions } = view
  const main = html`<h1>Projects</h1>
<p class="soft">Source of the projects: <code>${source}</code>. Members are the users seen in the newest ${plural(sessions, 'session')}; users of access tokens and users who are not signed in are not listed. Administrators reach every project and are not listed as members.</p>
<form class="fields" method="get" action="${frame.base}/projects">
<label>Search <span class="soft">name, ID or group</span><input name="search" type="search" maxlength="200" value="${search}"></label>
<div><button>Search</button></div>
</form>
${projects.length === 0 ? html`<p>${search === '' ? 'No projects are known.' : 'No project matches.'}</p>` : list(frame, view)}
${pager(`${frame.base}/projects`, view, 'Previous', 'Next')}`
  return consolePage(frame, '/projects', 'Projects', main)
}

const COLUMNS = [
  { title: 'Project' },
  { title: 'Groups (read and write)' },
  { title: 'Groups (read only)' },
  { title: 'Members seen' },
]

function list({ now }: ConsoleFrame, { projects, offset, total }: ProjectsView) {
  const rows = projects.map((project) => [
    html`<strong>${project.name}</strong><span class="soft"><code>${project.id}</code></span>`,
    groupList(project.groups),
    groupList(project.viewerGroups),
    members(project, now),
  ])
  return table(`${offset + 1} to ${offset + projects.length} of ${plural(total, 'project')}`, COLUMNS, rows)
}

function members({ members: list, moreMembers }: ProjectView, now: number) {
  if (list.length === 0) return html`<span class="soft">nobody</span>`
  return html`${list.map(
    ({
      username,
      role,
      since,
    }) => html`<div><strong>${username}</strong> (${role}), seen since ${moment(since, now)}</div>
`,
  )}${moreMembers > 0 && html`<span class="soft">and ${moreMembers} more</span>`}`
}
