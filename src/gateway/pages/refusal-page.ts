import { isTemporary, REASONS, type Reason, textOf } from '../errors.ts'
import { html } from './html.ts'
import type { PageContent, Who } from './layout.ts'
import { RETRY } from './scripts/own-scripts.ts'

export interface RefusalView {
  readonly reason: Reason
  readonly requestId: string
  readonly who?: Who | undefined
  /** The person's own groups, as the gateway reads them. */
  readonly groups?: ReadonlySet<string> | undefined
  /** Name of the application that the request was for. */
  readonly application?: string | undefined
  /** Where signing in starts; offered where it helps. */
  readonly loginUrl?: string | undefined
  /** Where the same can be tried again; offered where it may help. */
  readonly retryUrl?: string | undefined
}

const SIGN_IN_HELPS: ReadonlySet<Reason> = new Set(['login-required', 'login-expired', 'login-refused', 'login-failed'])

/** Denials that another group would lift: whoever asks for access needs to know what the gateway sees. */
const NEEDS_GROUP: ReadonlySet<Reason> = new Set(['not-a-member', 'not-in-project'])
const SHOWN = 10

function ownGroups(groups: readonly string[]): string {
  if (groups.length === 0)
    return 'Your account has no groups here. Ask your administrator to add you to the group of your project, then sign in again.'
  const more = groups.length > SHOWN ? ` and ${groups.length - SHOWN} more` : ''
  return `Your groups: ${groups.slice(0, SHOWN).join(', ')}${more}. Ask your administrator which group gives access, then sign in again.`
}

/** What happened, what to do next, and the ID to find it in the log. Nothing from the request is shown. */
export function refusalPage(view: RefusalView): PageContent {
  const { reason, requestId, who, groups, application, loginUrl } = view
  const { status, hint } = REASONS[reason]
  const text = textOf(reason, application)
  const retry = retryUrlOf(view)
  const signIn = loginUrl !== undefined && SIGN_IN_HELPS.has(reason) ? loginUrl : undefined
  const main = html`<section class="narrow alert" aria-labelledby="what">
<h1 id="what">${text}</h1>
<p>${hint}</p>
${groups !== undefined && NEEDS_GROUP.has(reason) && html`<p>${ownGroups([...groups])}</p>`}
<div class="actions">
${retry !== undefined && html`<a class="button" id="retry" href="${retry}">Try again</a>`}
${signIn !== undefined && html`<a class="button" href="${signIn}">Sign in</a>`}
<a class="button quiet" href="/">Go to the start page</a>
</div>
<dl class="facts">
<dt>Reason</dt><dd><code>${reason}</code> (${status})</dd>
<dt>Request ID</dt><dd><code>${requestId}</code></dd>
</dl>
</section>`
  return { title: text, who, main, ...(retry !== undefined && { script: RETRY }) }
}

/** Whether the page offers to try again, and with it the script {@link RETRY}. */
export const offersRetry = (view: RefusalView): boolean => retryUrlOf(view) !== undefined

const retryUrlOf = ({ reason, retryUrl }: RefusalView) => (isTemporary(reason) ? retryUrl : undefined)
