import { type Html, html, Html as Markup } from './html.ts'
import { ICON, STYLE } from './style.ts'

/** Who is signed in, as shown on every page. */
export interface Who {
  readonly username: string
}

export interface Layout {
  readonly title: string
  readonly who?: Who | undefined
  readonly head?: Html
  readonly main: Html
  readonly script?: string
}

/** The frame of every page: landmarks, a link that skips the header, one style sheet. */
export function layout({ title, who, head, main, script }: Layout): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ModelOps gateway</title>
<link rel="icon" href="${ICON}">
<style>${Markup.trusted(STYLE)}</style>
${head}</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><div>
<a class="brand" href="/"><span class="mark" aria-hidden="true"></span>ModelOps gateway</a>
${who && account(who)}</div></header>
<main id="main">
${main}
</main>
${script !== undefined && html`<script>${Markup.trusted(script)}</script>`}
</body>
</html>
`.toString()
}

const account = ({ username }: Who) => html`<div class="account">
<span class="who">Signed in as <strong>${username}</strong></span>
<form method="post" action="/auth/logout"><button class="quiet">Sign out</button></form>
</div>
`
