import { html } from './html.ts'
import type { PageContent } from './layout.ts'
import { KEEP_FRAGMENT } from './scripts/own-scripts.ts'

/** Shown for a moment between a deep link and the issuer, to keep the `#fragment` that only the browser knows. */
export function startPage(href: string): PageContent {
  const head = html`<noscript>${refresh(href)}</noscript>
`
  return { title: 'Signing in', head, main: signingIn(href), script: KEEP_FRAGMENT }
}

/** Continues without a script. */
export function continuePage(href: string): PageContent {
  return { title: 'Signed in', head: refresh(href), main: signingIn(href) }
}

const refresh = (href: string) => html`<meta http-equiv="refresh" content="0;url=${href}">`

const signingIn = (href: string) => html`<section class="narrow" aria-labelledby="what">
<h1 id="what">Signing in</h1>
<p>One moment, please.</p>
<div class="actions"><a class="button" href="${href}">Continue</a></div>
</section>`
