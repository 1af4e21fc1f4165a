import type { Project, ProjectRole } from '../policy/types.ts'
import { type Html, html } from './html.ts'

const ROLES = { admin: 'Administrator', editor: 'May write', viewer: 'May read' } as const

/** Projects with a button each that selects it; a form, because a link must never change a selection. */
export function projectList(projects: readonly ProjectRole[], selected: string | undefined, returnTo: string): Html {
  const row = ({ project, role }: ProjectRole) => html`<li>
<span class="name"><strong>${project.name}</strong><br><code>${project.id}</code></span>
<span class="soft role">${ROLES[role]}</span>
${project.id === selected ? isSelected(returnTo) : select(project, returnTo)}
</li>
`
  return html`<ul class="rows">
${projects.map(row)}</ul>`
}

/** The selected project leads on, unless this is where it leads. */
const isSelected = (returnTo: string) => html`<span class="tag">Selected</span>
${returnTo !== '/' && html`<a class="button" href="${returnTo}">Continue</a>`}`

const select = (project: Project, returnTo: string) => html`<form method="post" action="/auth/project">
<input type="hidden" name="project" value="${project.id}">
<input type="hidden" name="return_to" value="${returnTo}">
<button class="quiet" aria-label="Work in ${project.name}">Work in this project</button>
</form>`

export const clearSelection = (
  returnTo: string,
): Html => html`<form class="actions" method="post" action="/auth/project">
<input type="hidden" name="project" value="">
<input type="hidden" name="return_to" value="${returnTo}">
<button class="quiet">Work without a selected project</button>
</form>`
