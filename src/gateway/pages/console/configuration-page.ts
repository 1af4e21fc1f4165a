import { html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage } from './console-frame.ts'
import { table } from './console-table.ts'

export interface ConfigurationView {
  /** By section, in the order of the schema. An undefined value is hidden. */
  readonly sections: readonly {
    readonly name: string
    readonly values: readonly { readonly path: string; readonly value: string | undefined }[]
  }[]
}

export function configurationPage(frame: ConsoleFrame, { sections }: ConfigurationView): PageContent {
  const main = html`<h1>Configuration</h1>
<p class="soft">The current configuration with all defaults. Secrets and every text that may contain one are hidden.</p>
<nav class="areas" aria-label="Sections">${sections.map(
    ({ name }) => html`<a href="#${name}">${name}</a>
`,
  )}</nav>
${sections.map(
  ({ name, values }) => html`<section id="${name}">${table(
    name,
    [{ title: 'Key' }, { title: 'Value' }],
    values.map(({ path, value }) => [
      html`<code>${path}</code>`,
      value === undefined
        ? html`<span class="soft">hidden</span>`
        : html`<code>${value === '' ? '(empty)' : value}</code>`,
    ]),
  )}</section>
`,
)}`
  return consolePage(frame, '/configuration', 'Configuration', main)
}
