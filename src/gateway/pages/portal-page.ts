import type { Project, ProjectRole } from '../policy/types.ts'
import { type Html, html } from './html.ts'
import type { PageContent, Who } from './layout.ts'
import { clearSelection, projectList } from './project-list.ts'

export interface ApplicationView {
  readonly title: string
  readonly href: string
  readonly about: string
  /** For programs: shown with its address and its description, because it has no page to open. */
  readonly api?: { readonly address: string; readonly description: string } | undefined
  /** Whether it responded to the last request; absent: not known. */
  readonly state?: 'responding' | 'not-responding' | undefined
}

export interface PortalView {
  readonly who: Who & { readonly name?: string | undefined; readonly email?: string | undefined }
  readonly admin: boolean
  /** Where the administration console is, for those who may open it. */
  readonly consolePath?: string | undefined
  readonly applications: readonly ApplicationView[]
  readonly projects: readonly ProjectRole[]
  readonly selected?: string | undefined
}

/** The start page: the user’s applications, projects and account. */
export function portalPage({ who, admin, consolePath, applications, projects, selected }: PortalView): PageContent {
  const main = html`<h1>Hello, ${who.name ?? who.username}</h1>
<p class="soft">${who.email !== undefined && html`${who.email} · `}${admin ? 'Administrator of all projects' : membershipText(projects)}${consolePath !== undefined && html` · <a href="${consolePath}">Administration</a>`}</p>
${nextStep(applications, projects, selected)}
<h2 id="applications">Applications</h2>
<nav aria-labelledby="applications">${applicationList(applications)}</nav>
<h2 id="projects">Projects</h2>
<section aria-labelledby="projects">${projects.length > 0 ? projectList(projects, selected, '/', connectLink) : noProjects}
${selected !== undefined && clearSelection('/')}</section>
${signOutEverywhere}`
  return { title: 'Start', who, main }
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
  (application) => html`<li>${tile(application)}</li>
`,
)}</ul>`
}

function tile({ title, href, about, api, state }: ApplicationView): Html {
  if (api === undefined)
    return html`<a class="tile" href="${href}"><strong>${title}</strong><span>${about}</span>${stateText(state)}</a>`
  return html`<div class="tile"><strong>${title}</strong><span>${about}</span>${stateText(state)}
<code>${api.address}</code>
<a href="${api.description}">API description (OpenAPI)</a></div>`
}

const STATES = { responding: 'Responding', 'not-responding': 'Not responding' } as const

const stateText = (state: ApplicationView['state']) =>
  state !== undefined && html`<span class="state ${state}">${STATES[state]}</span>`

/** What to do with the project that was selected. */
function nextStep(
  applications: readonly ApplicationView[],
  projects: readonly ProjectRole[],
  selected: string | undefined,
): Html | undefined {
  const project = projects.find((each) => each.project.id === selected)?.project
  if (project === undefined) return undefined
  const pages = applications.filter(({ api }) => api === undefined)
  return html`<section class="next" aria-labelledby="next"><h2 id="next">You work in ${project.name}</h2>
<div class="actions">${pages.map(
    ({ title, href }) => html`<a class="button" href="${href}">Open ${title}</a>
`,
  )}${connectLink(project)}</div></section>`
}

const connectLink = ({ id, name }: Project) =>
  html`<a class="button quiet" href="/auth/connect?project=${id}" aria-label="Connect to ${name} from Python, the command line or CI">Connect</a>`
