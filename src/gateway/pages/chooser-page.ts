import type { ProjectRole } from '../policy/types.ts'
import { html } from './html.ts'
import type { PageContent, Who } from './layout.ts'
import { clearSelection, projectList } from './project-list.ts'

export interface ChooserView {
  readonly who: Who
  readonly projects: readonly ProjectRole[]
  readonly selected?: string | undefined
  /** Where the browser goes after the choice; already checked. */
  readonly returnTo: string
}

/** Lets the user choose the project to work in. */
export function chooserPage({ who, projects, selected, returnTo }: ChooserView): PageContent {
  const main =
    projects.length === 0
      ? html`<section class="narrow" aria-labelledby="what">
<h1 id="what">You are not a member of any project</h1>
<p>Ask an administrator to add you to a project’s group, then sign in again.</p>
<div class="actions"><a class="button quiet" href="/">Go to the start page</a></div>
</section>`
      : html`<h1>Choose a project</h1>
<p class="soft">The application shows one project at a time. You can switch projects at any time.</p>
<h2 id="projects">Your projects</h2>
<section aria-labelledby="projects">${projectList(projects, selected, returnTo)}</section>
${selected !== undefined && clearSelection(returnTo)}`
  return { title: 'Choose a project', who, main }
}
