import { type Html, html } from '../html.ts'
import type { PageContent } from '../layout.ts'
import { type ConsoleFrame, consolePage } from './console-frame.ts'
import { facts, groupList, moment } from './console-table.ts'

export interface StepView {
  readonly title: string
  readonly about: string
  readonly state: 'passed' | 'denied' | 'skipped'
}

/** Which groups were compared, and what would help. */
export interface ComparisonView {
  readonly held: readonly string[]
  readonly moreHeld: number
  readonly needed: readonly { readonly group: string; readonly gives: string; readonly isHeld: boolean }[]
  readonly conclusion: string
}

export interface VerdictView {
  readonly allowed: boolean
  readonly status: number
  readonly reason: string
  readonly text: string
  readonly hint?: string | undefined
  readonly facts: readonly (readonly [name: string, value: string | undefined])[]
  readonly steps: readonly StepView[]
  readonly comparison?: ComparisonView | undefined
}

export interface FoundDenialView extends VerdictView {
  readonly requestId: string
  readonly at: number
  /** What the same request would get now. */
  readonly now: string
}

export interface WhyView {
  /** The request ID that was asked for. */
  readonly id: string
  readonly found?: FoundDenialView | undefined
  /** Why nothing was found. */
  readonly notFound?: string | undefined
  readonly question: {
    readonly session: string
    readonly groups: string
    readonly project: string
    readonly method: string
    readonly path: string
  }
  readonly answer?: VerdictView | undefined
  /** What is wrong with the question. */
  readonly mistake?: string | undefined
  readonly users: readonly { readonly key: string; readonly name: string }[]
  readonly projects: readonly { readonly id: string; readonly name: string }[]
  readonly methods: readonly string[]
}

export function whyPage(frame: ConsoleFrame, view: WhyView): PageContent {
  const { id, found, notFound, answer, mistake } = view
  const main = html`<h1>Why was this denied?</h1>
<form class="fields" method="get" action="${frame.base}/why">
<label>Request ID <span class="soft">on the error page and in X-Request-Id</span>
<input name="id" maxlength="100" value="${id}" autocomplete="off" spellcheck="false" placeholder="00000000-0000-4000-8000-000000000000"></label>
<div><button>Look up</button></div>
</form>
${notFound !== undefined && html`<p class="panel bad" role="status">${notFound}</p>`}
${found !== undefined && denial(frame, found)}
<h2 id="ask">Or ask what would happen</h2>
<p class="soft">Nothing is sent to an application. The gateway runs its own steps on the request you describe.</p>
${questionForm(frame, view)}
${mistake !== undefined && html`<p class="panel bad" role="status">${mistake}</p>`}
${answer !== undefined && verdict(answer)}`
  return consolePage(frame, '/why', 'Why denied?', main)
}

function denial({ now }: ConsoleFrame, found: FoundDenialView): Html {
  return html`${verdict(found, [
    ['Request ID', html`<code>${found.requestId}</code>`],
    ['Time', moment(found.at, now)],
  ])}
<section class="panel" aria-labelledby="again"><h2 id="again">The same request now</h2><p>${found.now}</p></section>`
}

function verdict(view: VerdictView, more: readonly (readonly [string, Html])[] = []): Html {
  const { allowed, status, reason, text, hint, steps, comparison } = view
  return html`<section class="panel ${allowed ? 'good' : 'bad'}" aria-labelledby="decision">
<h2 id="decision">${allowed ? 'Allowed' : `Denied: ${status}`} <code>${reason}</code></h2>
<p>${text}</p>
${hint !== undefined && html`<p class="soft">${hint}</p>`}
${facts([...more, ...view.facts])}
</section>
${comparison !== undefined && groups(comparison)}
<h2>Step by step</h2>
<ol class="steps">${steps.map(
    (
      step,
    ) => html`<li class="${step.state}"><strong>${step.title}</strong>: ${STATES[step.state]}<span class="soft">${step.about}</span></li>
`,
  )}</ol>`
}

const STATES = { passed: 'passed', denied: 'denied here', skipped: 'not reached' } as const

function groups({ held, moreHeld, needed, conclusion }: ComparisonView): Html {
  return html`<section class="panel" aria-labelledby="groups"><h2 id="groups">Groups compared</h2>
<p><strong>${conclusion}</strong></p>
<p>Groups of the caller${moreHeld > 0 && ` (and ${moreHeld} more)`}:</p>${groupList(held)}
${
  needed.length > 0 &&
  html`<p>Groups that give access:</p><ul class="groups">${needed.map(
    ({ group, gives, isHeld }) =>
      html`<li class="${isHeld ? 'has' : 'missing'}">${group} (${gives}): ${isHeld ? 'present' : 'missing'}</li>`,
  )}</ul>`
}</section>`
}

function questionForm({ base }: ConsoleFrame, { question, users, projects, methods }: WhyView): Html {
  const option = (value: string, name: string, chosen: string) =>
    html`<option value="${value}"${value === chosen && html` selected`}>${name}</option>`
  return html`<form class="fields" method="get" action="${base}/why#ask">
<label>User <span class="soft">with the groups of a session</span><select name="session">${option('', 'none: use the groups', question.session)}${users.map(
    ({ key, name }) => option(key, name, question.session),
  )}</select></label>
<label>Groups <span class="soft">separated by commas</span><input name="groups" maxlength="2000" value="${question.groups}"></label>
<label>Project <span class="soft">as in AOA-Project-ID</span><select name="project">${option('', 'none named', question.project)}${projects.map(
    ({ id, name }) => option(id, name, question.project),
  )}</select></label>
<label>Method<select name="method">${methods.map((each) => option(each, each, question.method))}</select></label>
<label>Path <span class="soft">or a whole URL</span><input name="path" maxlength="2000" value="${question.path}" placeholder="/mlflow/"></label>
<div><button>Explain</button></div>
</form>`
}
