import { isTemporary, REASONS, type Reason, textOf } from '../errors.ts'
import { type Html, html } from './html.ts'
import type { PageContent, Who } from './layout.ts'
import { DENIAL } from './scripts/own-scripts.ts'

/** What the person sent, for the administrator who is asked about it. */
export interface RefusalDetails {
  readonly time: Date
  readonly method: string
  /** Without the query, which may contain secrets. Undefined: it cannot be read in one way only. */
  readonly path: string | undefined
  /** As the person typed it, or of a project that the person is a member of. */
  readonly project: string | undefined
}

/** A project that the person is a member of, without the role that the request needs. */
export interface KnownProject {
  readonly name: string
  readonly editorGroups: readonly string[]
}

export interface RefusalView {
  readonly reason: Reason
  readonly requestId: string
  /** Of the trace that the request belongs to, while tracing is on. */
  readonly traceId?: string | undefined
  readonly details: RefusalDetails
  /** Only where the person is a member: for anybody else a project that exists looks like one that does not. */
  readonly known?: KnownProject | undefined
  readonly who?: Who | undefined
  /** The person's own groups, as the gateway reads them. */
  readonly groups?: ReadonlySet<string> | undefined
  /** The level of authentication that is missing, in words. */
  readonly level?: string | undefined
  /** Name of the application that the request was for. */
  readonly application?: string | undefined
  /** Where signing in starts; offered where it helps. */
  readonly loginUrl?: string | undefined
  /** Where the same can be tried again; offered where it may help. */
  readonly retryUrl?: string | undefined
}

const SIGN_IN_HELPS: ReadonlySet<Reason> = new Set([
  'login-required',
  'login-expired',
  'login-refused',
  'login-failed',
  'step-up-required',
  'step-up-failed',
])

/** Denials that another group would lift: whoever asks for access needs to know what the gateway sees. */
const NEEDS_GROUP: ReadonlySet<Reason> = new Set(['not-a-member', 'not-in-project'])
const SHOWN = 10

/** At most {@link SHOWN} of them. */
function listed(groups: readonly string[]): string {
  const more = groups.length > SHOWN ? ` and ${groups.length - SHOWN} more` : ''
  return groups.slice(0, SHOWN).join(', ') + more
}

function ownGroups(groups: readonly string[]): string {
  if (groups.length === 0)
    return 'Your account has no groups here. Ask your administrator to add you to the group of your project, then sign in again.'
  return `Your groups: ${listed(groups)}. Ask your administrator which group gives access, then sign in again.`
}

/** Which groups would have been enough. Projects that get their members from a claim have none. */
function neededGroups({ name, editorGroups }: KnownProject): Html | undefined {
  if (editorGroups.length === 0) return undefined
  const which = editorGroups.length === 1 ? 'this group' : 'one of these groups'
  return html`<p>Editors of ${name} are members of ${which}: <strong>${listed(editorGroups)}</strong>.</p>`
}

/** What happened, what to do next, and the details that an administrator needs. */
export function refusalPage(view: RefusalView): PageContent {
  const { reason, requestId, traceId, who, groups, application, loginUrl, known, level } = view
  const { status, hint } = REASONS[reason]
  const text = textOf(reason, application)
  const retry = isTemporary(reason) ? view.retryUrl : undefined
  const signIn = loginUrl !== undefined && SIGN_IN_HELPS.has(reason) ? loginUrl : undefined
  const main = html`<section class="narrow alert" aria-labelledby="what">
<h1 id="what">${text}</h1>
<p>${hint}</p>
${level !== undefined && html`<p id="level">${level}</p>`}
${groups !== undefined && NEEDS_GROUP.has(reason) && html`<p>${ownGroups([...groups])}</p>`}
${known !== undefined && neededGroups(known)}
<div class="actions">
${retry !== undefined && html`<a class="button" id="retry" href="${retry}">Try again</a>`}
${signIn !== undefined && html`<a class="button" href="${signIn}">Sign in</a>`}
<a class="button quiet" href="/">Go to the start page</a>
</div>
<dl class="facts">
<dt>Reason</dt><dd><code>${reason}</code> (${status})</dd>
<dt>Request ID</dt><dd><code>${requestId}</code></dd>
${traceId !== undefined && html`<dt>Trace ID</dt><dd><code>${traceId}</code></dd>`}
</dl>
<details id="details">
<summary>Details for your administrator</summary>
<pre tabindex="0" role="region" aria-label="Details for your administrator">${detailLines(view)}</pre>
</details>
<p id="copied" class="heard" role="status"></p>
</section>`
  return { title: text, who, main, script: DENIAL }
}

/** Plain text, so that it can be pasted into a message or a ticket. */
function detailLines({ reason, requestId, traceId, who, details, level }: RefusalView): string {
  const { time, method, path, project } = details
  const rows: [string, string | undefined][] = [
    ['Time', `${time.toISOString().slice(0, 19)}Z`],
    ['Request ID', requestId],
    ['Trace ID', traceId],
    ['Reason', `${reason} (${REASONS[reason].status})`],
    ['Request', path === undefined ? method : `${method} ${shortened(path)}`],
    ['Project', project],
    ['Level', level],
    ['User', who?.username],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])).join('\n')
}

const LONGEST_PATH = 300

const shortened = (path: string) => (path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)} ...` : path)
