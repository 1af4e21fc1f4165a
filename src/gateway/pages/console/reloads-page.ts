import { html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage } from './console-frame.ts'
import { moment, table } from './console-table.ts'

export interface ReloadView {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly result: 'success' | 'failure'
  /** Keys that changed. */
  readonly changed: readonly string[]
  /** What was wrong, one line each. */
  readonly errors: readonly string[]
}

export interface ReloadsView {
  /** When this replica started, ms since the epoch. */
  readonly startedAt: number
  /** Newest first. */
  readonly reloads: readonly ReloadView[]
}

export function reloadsPage(frame: ConsoleFrame, { startedAt, reloads }: ReloadsView): PageContent {
  const main = html`<h1>Reloads</h1>
<p class="soft">Reloads of this replica. A reload that fails changes nothing.</p>
<p>Started ${moment(startedAt, frame.now)}</p>
${
  reloads.length === 0
    ? html`<p>The configuration has not been reloaded since then.</p>`
    : table(
        'Newest first',
        [{ title: 'Time' }, { title: 'Result' }, { title: 'Changed or wrong' }],
        reloads.map(({ at, result, changed, errors }) => [
          moment(at, frame.now),
          result === 'success'
            ? html`<span class="good-text">succeeded</span>`
            : html`<span class="bad-text">failed</span>`,
          result === 'success'
            ? changed.join(', ') || 'nothing changed'
            : errors.map((each) => html`<div>${each}</div>`),
        ]),
      )
}`
  return consolePage(frame, '/reloads', 'Reloads', main)
}
