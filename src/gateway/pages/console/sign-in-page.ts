import { html } from '../html.ts'
import type { PageContent } from '../layout.ts'

export interface TokenSignInView {
  /** Where the form is sent. */
  readonly action: string
  /** What was wrong. */
  readonly mistake?: string | undefined
  /** Where an administrator signs in with their own account; undefined: the console is not on the public listener. */
  readonly accountUrl?: string | undefined
}

/** Signs in to the console of the admin listener with the shared token. */
export function tokenSignInPage({ action, mistake, accountUrl }: TokenSignInView): PageContent {
  const main = html`<section class="narrow" aria-labelledby="what">
<h1 id="what">Administration</h1>
<p>Enter the administration token of this gateway.</p>
${mistake !== undefined && html`<p class="bad-text" role="alert">${mistake}</p>`}
<form method="post" action="${action}">
<label>Administration token<input name="token" type="password" autocomplete="off" required maxlength="1000"></label>
<div class="actions"><button>Sign in</button></div>
</form>
${accountUrl !== undefined && html`<p class="soft">Or <a href="${accountUrl}">sign in with your own account</a>, so that the audit trail contains your name.</p>`}
</section>`
  return { title: 'Administration', home: action, main }
}
