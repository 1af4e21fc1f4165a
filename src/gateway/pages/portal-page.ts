import type { ProjectRole } from '../policy/types.ts'
import { type Html, html } from './html.ts'
import { layout, type Who } from './layout.ts'
import { clearSelection, projectList } from './project-list.ts'

export interface ApplicationView {
  readonly title: string
  readonly href: string
  readonly about: string
}

export interface PortalView {
  readonly who: Who & { readonly name?: string | undefined; readonly email?: string | undefined }
  readonly admin: boolean
  readonly applications: readonly ApplicationView[]
  readonly projects: readonly ProjectRole[]
  readonly selected?: string | undefined
}

/** The start page: the user’s applications, projects and account. */
export function portalPage({ who, admin, applications, projects, selected }: PortalView): string {
  const main = html`<h1>Hello, ${who.name ?? who.username}</h1>
<p class="soft">${who.email !== undefined && html`${who.email} · `}${admin ? 'Administrator of all projects' : membershipText(projects)}</p>
<h2 id="applications">Applications</h2>
<nav aria-labelledby="applications">${applicationList(applications)}</nav>
<h2 id="projects">Projects</h2>
<section aria-labelledby="projects">${projects.length > 0 ? projectList(projects, selected, '/') : noProjects}
${selected !== undefined && clearSelection('/')}</section>
${signOutEverywhere}`
  return layout({ title: 'Start', who, main })
}

/** For a browser that was left open on another computer. */
const signOutEverywhere = html`<form class="actions" method="post" action="/auth/logout-everywhere">
<button class="quiet">Sign out everywhere</button>
</form>`

const membershipText = (projects: readonly ProjectRole[]) =>
  projects.length === 1
    ? 'Member of one project'
    : `Member of ${projects.length === 0 ? 'no' : projects.length} projects`

const noProjects = html`<p>You are not a member of any project yet. Ask an administrator to add you to a project’s group.</p>`

function applicationList(applications: readonly ApplicationView[]): Html {
  if (applications.length === 0) return html`<p>You do not have access to any application.</p>`
  return html`<ul class="grid">
${applications.map(
  ({
    title,
    href,
    about,
  }) => html`<li><a class="tile" href="${href}"><strong>${title}</strong><span>${about}</span></a></li>
`,
)}</ul>`
}
