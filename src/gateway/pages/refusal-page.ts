import { REASONS, type Reason } from '../errors.ts'
import { html } from './html.ts'
import type { PageContent, Who } from './layout.ts'

export interface RefusalView {
  readonly reason: Reason
  readonly requestId: string
  readonly who?: Who | undefined
  /** The person's own groups, as the gateway reads them. */
  readonly groups?: ReadonlySet<string> | undefined
  /** Where signing in starts; offered where it helps. */
  readonly loginUrl?: string | undefined
}

const SIGN_IN_HELPS: ReadonlySet<Reason> = new Set([
  'login-required',
  'login-expired',
  'login-refused',
  'login-failed',
  'issuer-down',
])

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
export function refusalPage({ reason, requestId, who, groups, loginUrl }: RefusalView): PageContent {
  const { status, text, hint } = REASONS[reason]
  const signIn = loginUrl !== undefined && SIGN_IN_HELPS.has(reason) ? loginUrl : undefined
  const main = html`<section class="narrow alert" aria-labelledby="what">
<h1 id="what">${text}</h1>
<p>${hint}</p>
${groups !== undefined && NEEDS_GROUP.has(reason) && html`<p>${ownGroups([...groups])}</p>`}
<div class="actions">
${signIn !== undefined && html`<a class="button" href="${signIn}">Sign in</a>`}
<a class="button quiet" href="/">Go to the start page</a>
</div>
<dl class="facts">
<dt>Reason</dt><dd><code>${reason}</code> (${status})</dd>
<dt>Request ID</dt><dd><code>${requestId}</code></dd>
</dl>
</section>`
  return { title: text, who, main }
}
