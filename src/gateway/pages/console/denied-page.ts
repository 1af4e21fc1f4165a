import { REASONS, type Reason } from '../../errors.ts'
import { html } from '../html.ts'
import type { PageContent } from '../layout.ts'

export interface ConsoleDenialView {
  /** Where the console is. */
  readonly base: string
  readonly reason: Reason
  /** In place of the hint of the reason. */
  readonly explain: string
  readonly requestId: string
}

/** A denial on the admin listener, which has no other pages. */
export function consoleDeniedPage({ base, reason, explain, requestId }: ConsoleDenialView): PageContent {
  const { text, status } = REASONS[reason]
  const main = html`<section class="narrow alert" aria-labelledby="what">
<h1 id="what">${text}</h1>
<p>${explain}</p>
<div class="actions"><a class="button quiet" href="${base}">Go to the overview</a></div>
<dl class="facts">
<dt>Reason</dt><dd><code>${reason}</code> (${status})</dd>
<dt>Request ID</dt><dd><code>${requestId}</code></dd>
</dl>
</section>`
  return { title: text, home: base, main }
}
