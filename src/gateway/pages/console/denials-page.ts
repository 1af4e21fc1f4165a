import { type Html, html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage } from './console-frame.ts'
import { moment, plural, table } from './console-table.ts'

export interface CountedView {
  readonly name: string
  /** What the name means. */
  readonly about?: string | undefined
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly lastAt: number
}

export interface DenialView {
  readonly requestId: string
  readonly at: number
  readonly who: string
  readonly method: string
  readonly path: string
  readonly place: string
  readonly reason: string
  readonly status: number
}

export interface DenialsView {
  readonly hours: number
  /** Only denials of this reason, user and place; undefined: of any. */
  readonly filter: {
    readonly reason?: string | undefined
    readonly who?: string | undefined
    readonly place?: string | undefined
  }
  readonly total: number
  /** Denials that were not kept. */
  readonly dropped: number
  readonly reasons: readonly CountedView[]
  readonly users: readonly CountedView[]
  readonly places: readonly CountedView[]
  /** The newest of them. */
  readonly denials: readonly DenialView[]
  /** The reasons to choose from. */
  readonly allReasons: readonly string[]
}

export const HOURS = [1, 6, 24] as const

export function denialsPage(frame: ConsoleFrame, view: DenialsView): PageContent {
  const { total, hours, dropped } = view
  const main = html`<h1>Denials</h1>
${filterForm(frame, view)}
<p role="status">${plural(total, 'denial')} in the last ${hours === 1 ? 'hour' : `${hours} hours`}.</p>
${dropped > 0 && html`<p class="panel bad">${plural(dropped, 'more denial')} in this time could not be kept: too many at a time, or the session store failed. The metrics and the log count all of them.</p>`}
${total > 0 && groups(frame, view)}`
  return consolePage(frame, '/denials', 'Denials', main)
}

function filterForm({ base }: ConsoleFrame, { hours, filter, allReasons }: DenialsView): Html {
  return html`<form class="fields" method="get" action="${base}/denials">
<label>Time<select name="hours">${HOURS.map(
    (each) =>
      html`<option value="${each}"${each === hours && html` selected`}>last ${each === 1 ? 'hour' : `${each} hours`}</option>`,
  )}</select></label>
<label>Reason<select name="reason"><option value="">any</option>${allReasons.map(
    (each) => html`<option${each === filter.reason && html` selected`}>${each}</option>`,
  )}</select></label>
<label>User<input name="who" maxlength="200" value="${filter.who}"></label>
<label>Route or endpoint<input name="place" maxlength="200" value="${filter.place}"></label>
<div><button>Show</button></div>
</form>`
}

function groups(frame: ConsoleFrame, view: DenialsView): Html {
  const { reasons, users, places, denials, filter } = view
  return html`${filter.reason === undefined && counted(frame, view, 'By reason', 'reason', reasons)}
${filter.who === undefined && counted(frame, view, 'By user', 'who', users)}
${filter.place === undefined && counted(frame, view, 'By route or endpoint', 'place', places)}
${table(
  plural(denials.length, 'newest denial'),
  [{ title: 'Time' }, { title: 'User' }, { title: 'Request' }, { title: 'Reason' }, { title: 'Details' }],
  denials.map(({ requestId, at, who, method, path, place, reason, status }) => [
    moment(at, frame.now),
    who,
    html`${method} <code>${path}</code><span class="soft">${place}</span>`,
    html`<code>${reason}</code><span class="soft">${status}</span>`,
    html`<a href="${frame.base}/why?${new URLSearchParams({ id: requestId }).toString()}" aria-label="Why was ${requestId} denied?">Why?</a>`,
  ]),
)}`
}

function counted(
  { base, now }: ConsoleFrame,
  { hours, filter }: DenialsView,
  caption: string,
  key: 'reason' | 'who' | 'place',
  rows: readonly CountedView[],
): Html {
  const linkOf = (name: string) => {
    const given = Object.entries({ ...filter, [key]: name }).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams([['hours', String(hours)], ...(given as [string, string][])])
    return `${base}/denials?${query}`
  }
  return table(
    caption,
    [{ title: 'Name' }, { title: 'Denials', isNumber: true }, { title: 'Last' }],
    rows.map(({ name, about, count, lastAt }) => [
      html`<a href="${linkOf(name)}">${name}</a>${about !== undefined && html`<span class="soft">${about}</span>`}`,
      count,
      moment(lastAt, now),
    ]),
  )
}
