import { html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage, tokenField } from './console-frame.ts'
import { moment, type Part, pager, plural, table } from './console-table.ts'

export interface SessionView {
  readonly key: string
  readonly issuer: string
  readonly subject: string
  readonly username: string
  /** As people recognize it, or the whole `User-Agent`. */
  readonly device: string
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly lastSeenAt: number
}

export interface SessionsView extends Part {
  /** How many sessions a search looked at. */
  readonly searched?: number | undefined
  readonly sessions: readonly SessionView[]
  /** What was just done. */
  readonly notice?: string | undefined
}

export function sessionsPage(frame: ConsoleFrame, view: SessionsView): PageContent {
  const { search, sessions, total, notice } = view
  const main = html`<h1>Sessions</h1>
${notice !== undefined && html`<p class="panel good" role="status">${notice}</p>`}
<form class="fields" method="get" action="${frame.base}/sessions">
<label>Search <span class="soft">user, address or browser</span><input name="search" type="search" maxlength="200" value="${search}"></label>
<div><button>Search</button></div>
</form>
${sessions.length === 0 ? html`<p>${search === '' ? 'There are no sessions.' : 'No session matches.'}</p>` : list(frame, view)}
${pager(`${frame.base}/sessions`, view, 'Newer', 'Older')}
${total > 0 && search === '' && html`<div class="actions"><a class="button danger" href="${frame.base}/sessions/end?all=true">End all sessions</a></div>`}`
  return consolePage(frame, '/sessions', 'Sessions', main)
}

const COLUMNS = [
  { title: 'User' },
  { title: 'Device and address' },
  { title: 'Signed in' },
  { title: 'Last seen' },
  { title: 'Actions' },
]

function list({ base, now }: ConsoleFrame, { sessions, offset, total, searched }: SessionsView) {
  const among = searched === undefined ? '' : `, among the newest ${searched}`
  const caption = `${offset + 1} to ${offset + sessions.length} of ${plural(total, 'session')}${among}`
  const rows = sessions.map((session) => [
    html`<strong>${session.username}</strong><span class="soft">${session.subject}</span>`,
    html`${session.device}<span class="soft">${session.address}</span>`,
    moment(session.createdAt, now),
    moment(session.lastSeenAt, now),
    html`<div class="links"><a href="${base}/sessions/end?${new URLSearchParams({ key: session.key }).toString()}" aria-label="End this session of ${session.username}">End</a>
<a href="${base}/sessions/end?${new URLSearchParams({ issuer: session.issuer, subject: session.subject }).toString()}">End all of ${session.username}</a>
<a href="${base}/why?${new URLSearchParams({ session: session.key }).toString()}#ask" aria-label="Explain a decision for ${session.username}">Explain</a></div>`,
  ])
  return table(caption, COLUMNS, rows)
}

export interface EndSessionsView {
  /** What will end, as a question. */
  readonly question: string
  readonly about: string
  readonly button: string
  /** Names what will end. */
  readonly fields: Readonly<Record<string, string>>
}

/** Asks before sessions end: without a script there is no dialog. */
export function endSessionsPage(
  frame: ConsoleFrame,
  { question, about, button, fields }: EndSessionsView,
): PageContent {
  const main = html`<section class="narrow alert" aria-labelledby="what">
<h1 id="what">${question}</h1>
<p>${about}</p>
<form class="actions" method="post" action="${frame.base}/sessions/end">
${tokenField(frame.formToken)}
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="danger">${button}</button>
<a class="button quiet" href="${frame.base}/sessions">Cancel</a>
</form>
</section>`
  return consolePage(frame, '/sessions', 'End sessions', main)
}
