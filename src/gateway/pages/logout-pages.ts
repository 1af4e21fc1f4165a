import { html } from './html.ts'
import type { PageContent, Who } from './layout.ts'
import { SUBMIT_FORM } from './scripts/own-scripts.ts'

/** Asks before signing out: a GET request must not change anything (RFC 9110 §9.2.1). */
export function confirmLogoutPage({
  who,
  returnTo,
}: {
  who?: Who | undefined
  returnTo?: string | undefined
}): PageContent {
  const main = html`<section class="narrow" aria-labelledby="what">
<h1 id="what">Sign out?</h1>
<p>You will be signed out of every application behind this gateway and of the sign-in service.</p>
<form class="actions" method="post" action="/auth/logout">
${returnTo !== undefined && html`<input type="hidden" name="return_to" value="${returnTo}">`}
<button>Sign out</button>
<a class="button quiet" href="/">Stay signed in</a>
</form>
</section>`
  return { title: 'Sign out', who, main }
}

export interface LeaveView {
  /** The issuer's end-session endpoint. */
  readonly endpoint: string
  readonly fields: Readonly<Record<string, string>>
}

/** Sends the browser to the issuer by POST: an ID token with many groups does not fit into a URL. */
export function leavePage({ endpoint, fields }: LeaveView): PageContent {
  const main = html`<section class="narrow" aria-labelledby="what">
<h1 id="what">Signing you out</h1>
<p>You are signed out of the gateway. The last step signs you out of the sign-in service.</p>
<form class="actions" method="post" action="${endpoint}">
${Object.entries(fields).map(
  ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
)}<button>Continue</button>
</form>
</section>`
  return { title: 'Signing out', main, script: SUBMIT_FORM }
}

/** Loaded in a frame of the issuer's sign-out page, which usually hides it. */
export function frontchannelLogoutPage({ ended }: { readonly ended: boolean }): PageContent {
  const main = html`<section class="narrow" aria-labelledby="what" role="status">
<h1 id="what">${ended ? 'You are signed out' : 'Nothing to sign out'}</h1>
<p>${ended ? 'Your session at this gateway has ended.' : 'No session here began with that sign-in.'}</p>
</section>`
  return { title: 'Sign out', main }
}

export interface SignedOutView {
  /** The issuer was not told, so its session may still exist and the next sign-in may not ask for a password. */
  readonly issuerSessionMayRemain: boolean
  readonly returnTo?: string | undefined
}

export function signedOutPage({ issuerSessionMayRemain, returnTo }: SignedOutView): PageContent {
  const main = html`<section class="narrow" aria-labelledby="what" role="status">
<h1 id="what">You are signed out</h1>
${
  issuerSessionMayRemain
    ? html`<p>You were not signed out of the sign-in service, so you may still be signed in there. On a shared computer, close the browser.</p>`
    : html`<p>You can close this page.</p>`
}
<div class="actions"><a class="button" href="${returnTo ?? '/'}">Sign in again</a></div>
</section>`
  return { title: 'Signed out', main }
}
