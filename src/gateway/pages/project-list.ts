import type { Project, ProjectRole } from '../policy/types.ts'
import { type Html, html } from './html.ts'

const ROLES = { admin: 'Administrator', editor: 'Editor', viewer: 'Viewer (read-only)' } as const

/** Projects, each with a button that selects it, and with `more`. Buttons of forms, because a link must never change the selection. */
export function projectList(
  projects: readonly ProjectRole[],
  selected: string | undefined,
  returnTo: string,
  more: (project: Project) => Html | undefined = () => undefined,
): Html {
  const row = ({ project, role }: ProjectRole) => html`<li>
<span class="name"><strong>${project.name}</strong><br><code>${project.id}</code></span>
<span class="soft role">${ROLES[role]}</span>
${more(project)}${project.id === selected ? selectedTag(returnTo) : selectForm(project, returnTo)}
</li>
`
  return html`<ul class="rows">
${projects.map(row)}</ul>`
}

/** The selected project leads to the page that asked for one, unless that is this page. */
const selectedTag = (returnTo: string) => html`<span class="tag">Selected</span>
${returnTo !== '/' && html`<a class="button" href="${returnTo}">Continue</a>`}`

const selectForm = (project: Project, returnTo: string) => html`<form method="post" action="/auth/project">
<input type="hidden" name="project" value="${project.id}">
<input type="hidden" name="return_to" value="${returnTo}">
<button class="quiet" aria-label="Work in ${project.name}">Work in this project</button>
</form>`

/** Clears the selection. */
export const clearSelection = (
  returnTo: string,
): Html => html`<form class="actions" method="post" action="/auth/project">
<input type="hidden" name="project" value="">
<input type="hidden" name="return_to" value="${returnTo}">
<button class="quiet">Clear the selection</button>
</form>`
