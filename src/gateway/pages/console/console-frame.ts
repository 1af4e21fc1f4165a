import { type Html, html } from '../html.ts'
import type { PageContent } from '../layout.ts'

/** What every page of the console shows around its content. */
export interface ConsoleFrame {
  /** Where the console is: `/auth/admin` or `/console`. */
  readonly base: string
  /** Who uses it. */
  readonly actor: string
  /** The hidden field of every form that changes something. */
  readonly formToken: string
  /** Where its sign-out form is sent. */
  readonly signOut: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

const AREAS = [
  ['', 'Overview'],
  ['/sessions', 'Sessions'],
  ['/projects', 'Projects'],
  ['/denials', 'Denials'],
  ['/why', 'Why denied?'],
  ['/configuration', 'Configuration'],
  ['/reloads', 'Reloads'],
] as const

export type Area = (typeof AREAS)[number][0]

/** A page of the console. */
export function consolePage(frame: ConsoleFrame, area: Area, title: string, main: Html): PageContent {
  const { base, actor, formToken, signOut } = frame
  return {
    title: `${title} · Administration`,
    home: base,
    account: html`<div class="account">
<span class="who">Administration: <strong>${actor}</strong></span>
<form method="post" action="${signOut}">${tokenField(formToken)}<button class="quiet">Sign out</button></form>
</div>
`,
    nav: html`<nav class="areas" aria-label="Administration">${AREAS.map(
      ([path, name]) => html`<a href="${base}${path}"${path === area && html` aria-current="page"`}>${name}</a>
`,
    )}</nav>`,
    main,
  }
}

export const tokenField = (token: string): Html => html`<input type="hidden" name="form_token" value="${token}">`
