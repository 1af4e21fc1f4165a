import { type Html, html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage } from './console-frame.ts'
import { duration, facts, moment, plural, table } from './console-table.ts'
import type { CountedView } from './denials-page.ts'

export interface OverviewView {
  readonly issuer: {
    readonly url: string
    readonly state: 'responding' | 'not-responding' | 'not-discovered'
    readonly fault?: string | undefined
  }
  readonly store: { readonly kind: string; readonly fault?: string | undefined; readonly milliseconds: number }
  readonly audit: {
    /** Where this process records, with what is wrong. None: only the log. */
    readonly sinks: readonly { readonly name: string; readonly queued: number; readonly fault?: string | undefined }[]
    /** Whether requests that write are denied while a sink fails. */
    readonly deniesWrites: boolean
  }
  readonly applications: readonly {
    readonly name: string
    readonly upstream: string
    readonly state?: 'responding' | 'not-responding' | undefined
  }[]
  readonly process: {
    readonly version: string
    readonly workers: number
    readonly startedAt: number
    readonly draining: boolean
  }
  readonly lastReload?: { readonly at: number; readonly result: 'success' | 'failure' } | undefined
  /** Undefined: the store does not respond. */
  readonly sessions?: number | undefined
  /** Undefined: no source has delivered any. */
  readonly projects?: number | undefined
  readonly denials?: { readonly total: number; readonly reasons: readonly CountedView[] } | undefined
  readonly journal: { readonly dropped: number; readonly fault: string | undefined }
}

export function overviewPage(frame: ConsoleFrame, view: OverviewView): PageContent {
  const { base } = frame
  const main = html`<h1>Overview</h1>
<ul class="grid">
<li>${issuerTile(view.issuer)}</li>
<li>${storeTile(view.store)}</li>
<li>${auditTile(view.audit)}</li>
<li><a class="tile" href="${base}/sessions"><strong>${view.sessions ?? 'Unknown'}</strong><span>Sessions</span></a></li>
<li><a class="tile" href="${base}/projects"><strong>${view.projects ?? 'Unknown'}</strong><span>Projects</span></a></li>
<li><a class="tile" href="${base}/denials?hours=1"><strong>${view.denials?.total ?? 'Unknown'}</strong><span>Denials in the last hour</span></a></li>
<li><a class="tile" href="${base}/reloads"><strong>${reloadText(view.lastReload)}</strong><span>Last reload</span></a></li>
</ul>
${denialTable(frame, view)}
${journalNotice(view)}
${applications(view)}
<h2>This replica</h2>
${replica(frame, view)}`
  return consolePage(frame, '', 'Overview', main)
}

const ISSUER = {
  responding: ['Responding', 'responding'],
  'not-responding': ['Not responding', 'not-responding'],
  'not-discovered': ['Not discovered yet', 'not-responding'],
} as const

function issuerTile({ url, state, fault }: OverviewView['issuer']): Html {
  const [text, name] = ISSUER[state]
  return html`<div class="tile"><strong>Issuer</strong><code>${url}</code><span class="state ${name}">${text}</span>${fault !== undefined && html`<span>${fault}</span>`}</div>`
}

function storeTile({ kind, fault, milliseconds }: OverviewView['store']): Html {
  return html`<div class="tile"><strong>Session store</strong><code>${kind}</code>${
    fault === undefined
      ? html`<span class="state responding">Responding in ${milliseconds} ms</span>`
      : html`<span class="state not-responding">Not responding</span><span>${fault}</span>`
  }</div>`
}

function auditTile({ sinks, deniesWrites }: OverviewView['audit']): Html {
  const failing = sinks.filter(({ fault }) => fault !== undefined)
  const names = sinks.map(({ name }) => name).join(', ') || 'log'
  return html`<div class="tile"><strong>Audit trail</strong><code>${names}</code>${
    failing.length === 0
      ? html`<span class="state responding">Recording</span>`
      : html`<span class="state not-responding">Not recording${deniesWrites && ': changes are denied'}</span>`
  }${failing.map(({ name, queued, fault }) => html`<span>${name}: ${fault}. ${plural(queued, 'event')} waiting.</span>`)}</div>`
}

const reloadText = (last: OverviewView['lastReload']) =>
  last === undefined ? 'None' : last.result === 'success' ? 'Succeeded' : html`<span class="bad-text">Failed</span>`

function denialTable({ base, now }: ConsoleFrame, { denials }: OverviewView): Html | undefined {
  if (denials === undefined || denials.reasons.length === 0) return undefined
  return table(
    'Denials in the last hour by reason',
    [{ title: 'Reason' }, { title: 'Denials', isNumber: true }, { title: 'Last' }],
    denials.reasons.map(({ name, about, count, lastAt }) => [
      html`<a href="${base}/denials?${new URLSearchParams({ hours: '1', reason: name }).toString()}">${name}</a><span class="soft">${about}</span>`,
      count,
      moment(lastAt, now),
    ]),
  )
}

const journalNotice = ({ journal: { dropped, fault } }: OverviewView) =>
  (dropped > 0 || fault !== undefined) &&
  html`<p class="panel bad">This process could not keep ${plural(dropped, 'denial')} for this console since it started.${fault !== undefined && html` The session store failed: ${fault}`}</p>`

const STATES = { responding: 'responding', 'not-responding': 'not responding' } as const

function applications({ applications: list }: OverviewView): Html {
  return table(
    'Applications, as this process saw them in the last 5 minutes',
    [{ title: 'Route' }, { title: 'Upstream' }, { title: 'State' }],
    list.map(({ name, upstream, state }) => [
      name,
      html`<code>${upstream}</code>`,
      state === undefined
        ? html`<span class="soft">no recent request</span>`
        : html`<span class="${state === 'responding' ? 'good-text' : 'bad-text'}">${STATES[state]}</span>`,
    ]),
  )
}

function replica({ now }: ConsoleFrame, { process }: OverviewView): Html {
  return html`<div class="panel">${facts([
    ['Version', process.version],
    ['Worker processes', process.workers],
    ['Running for', duration(now - process.startedAt)],
    ['Draining', process.draining ? 'yes: it accepts no new connections' : 'no'],
  ])}</div>`
}
