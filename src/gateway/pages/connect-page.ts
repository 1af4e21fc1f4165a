import type { Project } from '../policy/types.ts'
import { type Html, html } from './html.ts'
import type { PageContent, Who } from './layout.ts'
import { COPY_BUTTONS } from './scripts/own-scripts.ts'

export interface Snippet {
  /** What it does: the label of its copy button, for screen readers. */
  readonly label: string
  readonly text: string
}

export interface ConnectSection {
  readonly title: string
  readonly about: string
  readonly snippets: readonly Snippet[]
}

export interface ConnectView {
  readonly who: Who
  readonly project: Project
  readonly sections: readonly ConnectSection[]
}

/** How to reach one project from programs: commands and variables to copy. Without a script they are text to select. */
export function connectPage({ who, project, sections }: ConnectView): PageContent {
  const main = html`<h1>Connect to ${project.name}</h1>
<p class="soft">Commands and variables for this project: <code>${project.id}</code></p>
${sections.map(section)}
<p id="copied" class="heard" role="status"></p>
<div class="actions"><a class="button quiet" href="/">Go to the start page</a></div>`
  return { title: `Connect to ${project.name}`, who, main, script: COPY_BUTTONS }
}

const section = ({ title, about, snippets }: ConnectSection): Html => html`<h2>${title}</h2>
<p>${about}</p>
${snippets.map(
  ({
    label,
    text,
  }) => html`<div class="snippet"><pre tabindex="0" role="region" aria-label="${label}"><code>${text}</code></pre></div>
`,
)}`
