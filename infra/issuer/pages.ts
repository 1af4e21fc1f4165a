import { createHash } from 'node:crypto'
import type { KoaContextWithOIDC } from 'oidc-provider'

/** The issuer's pages: no external content, light and dark, usable without scripts. */

const STYLE = `
:root{color-scheme:light dark;--ground:#eef1f4;--card:#fff;--ink:#17212b;--quiet:#5b6875;--line:#ccd4dc;--key:#0a5c8f;--on-key:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#12181e;--card:#1b242c;--ink:#e7edf2;--quiet:#9dabb8;--line:#33414d;--key:#7cc4f2;--on-key:#0b1a26}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:min(26rem,92vw);margin:1.5rem;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 .25rem;font-size:1.35rem}p{margin:.25rem 0 1rem;color:var(--quiet)}label{display:block;margin:.75rem 0 .25rem;font-weight:600}
input{width:100%;padding:.6rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem}
button{width:100%;margin-top:.6rem;padding:.6rem;font:inherit;text-align:left;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem;cursor:pointer}
button.main{margin-top:1rem;text-align:center;font-weight:600;color:var(--on-key);background:var(--key);border-color:var(--key)}
button small{display:block;color:var(--quiet)}:focus-visible{outline:3px solid var(--key);outline-offset:2px}
.error{color:#b3261e}@media(prefers-color-scheme:dark){.error{color:#ffb4ab}}code{font-size:1.6rem}hr{margin:1.5rem 0 .5rem;border:0;border-top:1px solid var(--line)}
`
const SUBMIT = 'document.forms[0].submit()'
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Headers of every page. `form-action` is not restricted, because a sign-in ends in a redirect to the gateway. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SUBMIT)}; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

export const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

export const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
  `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><main>${body}</main></body></html>`

export interface LoginPage {
  readonly action: string
  /** Users to offer as buttons. Empty: only the form. */
  readonly offered: readonly { username: string; groups: readonly string[] }[]
  readonly levels: readonly string[]
  readonly error?: string
}

const levelChoice = (levels: readonly string[]) =>
  `<label for="level">Authentication level</label><select id="level" name="level">${levels
    .map((level) => `<option>${escapeHtml(level)}</option>`)
    .join('')}</select>`

export function loginPage({ action, offered, levels, error }: LoginPage): string {
  const buttons = offered.map(
    ({ username, groups }) =>
      `<button name="pick" value="${escapeHtml(username)}"><strong>${escapeHtml(username)}</strong>` +
      `<small>${escapeHtml(groups.join(', ') || 'no groups')}</small></button>`,
  )
  const quick = buttons.length === 0 ? '' : `<form method="post" action="${action}">${buttons.join('')}</form><hr>`
  const alert = error === undefined ? '' : `<p class="error" role="alert">${escapeHtml(error)}</p>`
  return page(
    'Sign in',
    `<h1>Sign in</h1><p>Embedded issuer, for demonstrations and tests only.</p>${quick}${alert}
<form method="post" action="${action}">
<label for="username">User name</label><input id="username" name="username" autocomplete="username" required>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
${levels.length === 0 ? '' : levelChoice(levels)}<button class="main">Sign in</button></form>`,
  )
}

function send(ctx: KoaContextWithOIDC, title: string, body: string): void {
  ctx.set(PAGE_HEADERS)
  ctx.body = page(title, body)
}

const button = (form: string, text: string) => `<button class="main" form="${form}">${text}</button>`

export function errorPage(
  ctx: KoaContextWithOIDC,
  out: { error: string; error_description?: string | undefined },
): void {
  const description = escapeHtml(out.error_description ?? '')
  send(ctx, 'Error', `<h1>The sign-in failed</h1><p class="error">${escapeHtml(out.error)}: ${description}</p>`)
}

/** With a valid hint, the application has requested the logout and the form submits itself. Otherwise the user confirms. */
export function logoutPage(ctx: KoaContextWithOIDC, form: string): void {
  const yes = '<input type="hidden" name="logout" value="yes" form="op.logoutForm">'
  const script = ctx.oidc.entities.IdTokenHint === undefined ? '' : `<script>${SUBMIT}</script>`
  send(ctx, 'Sign out', `<h1>Sign out?</h1>${form}${yes}${button('op.logoutForm', 'Sign out')}${script}`)
}

export function signedOutPage(ctx: KoaContextWithOIDC): void {
  send(ctx, 'Signed out', '<h1>Signed out</h1><p>You can close this page.</p>')
}

/** Pages of the device flow (RFC 8628 §3.3). */
export const devicePages = {
  userCodeInputSource(ctx: KoaContextWithOIDC, form: string, _out: unknown, error?: Error): void {
    const alert =
      error === undefined ? '' : '<p class="error" role="alert">The code is not valid. Check it and try again.</p>'
    const body = `<h1>Connect a device</h1><p>Enter the code that your terminal shows.</p>${alert}${form}`
    send(ctx, 'Connect a device', `${body}${button('op.deviceInputForm', 'Continue')}`)
  },
  userCodeConfirmSource(ctx: KoaContextWithOIDC, form: string, _client: unknown, _device: unknown, code: string): void {
    const body = `<h1>Connect a device</h1><p>Does your terminal show this code?</p><code>${escapeHtml(code)}</code>${form}`
    send(ctx, 'Connect a device', `${body}${button('op.deviceConfirmForm', 'Yes, connect it')}`)
  },
  successSource(ctx: KoaContextWithOIDC): void {
    send(ctx, 'Connected', '<h1>Connected</h1><p>Go back to your terminal.</p>')
  },
}
