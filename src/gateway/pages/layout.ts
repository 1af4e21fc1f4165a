import type { Brand } from './brand.ts'
import { type Html, html, Html as Markup } from './html.ts'

/** Who is signed in, as shown on every page. */
export interface Who {
  readonly username: string
}

/** What one page shows; the frame around it is the same on every page. */
export interface PageContent {
  readonly title: string
  readonly who?: Who | undefined
  /** In place of who is signed in. */
  readonly account?: Html
  /** Links between the pages of one area, below the header. */
  readonly nav?: Html
  /** Where the name leads. Default: the start page. */
  readonly home?: string
  readonly head?: Html
  readonly main: Html
  readonly script?: string
}

/** The frame of every page: landmarks, a link that skips the header, one style sheet. */
export function layout(
  brand: Brand,
  { title, who, account, nav, home = '/', head, main, script }: PageContent,
): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${brand.name}</title>
<link rel="icon" href="${brand.icon}">
<style>${Markup.trusted(brand.style)}</style>
${head}</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><div>
<a class="brand" href="${home}">${mark(brand)}${brand.name}</a>
${account ?? (who && signedInAs(who))}</div>${nav}</header>
<main id="main">
${main}
</main>
${script !== undefined && html`<script>${Markup.trusted(script)}</script>`}
</body>
</html>
`.toString()
}

/** Decorative for screen readers, because the name follows it. */
const mark = ({ logo }: Brand) =>
  logo === undefined
    ? html`<span class="mark" aria-hidden="true"></span>`
    : html`<img class="logo" src="${logo}" alt="" height="32">`

const signedInAs = ({ username }: Who) => html`<div class="account">
<span class="who">Signed in as <strong>${username}</strong></span>
<form method="post" action="/auth/logout"><button class="quiet">Sign out</button></form>
</div>
`
