import { type Html, html } from './html.ts'
import type { PageContent } from './layout.ts'

export interface ClientsView {
  /** The gateway's own, without a trailing slash. */
  readonly publicUrl: string
  /** Of the wheel. */
  readonly packageUrl: string
  readonly sha256: string
  /** Of the first route to MLflow, if there is one. */
  readonly mlflowUrl: string | undefined
  /** Whether people can sign in at a terminal. */
  readonly canSignIn: boolean
}

/** How to install and set up the Python package. It shows nothing about users. */
export function clientsPage({ publicUrl, packageUrl, sha256, mlflowUrl, canSignIn }: ClientsView): PageContent {
  const settings = [
    ...(mlflowUrl === undefined ? [] : [`export MLFLOW_TRACKING_URI=${mlflowUrl}`]),
    'export MLFLOW_TRACKING_AUTH=modelops',
    `export MODELOPS_GATEWAY=${publicUrl}`,
    'export MODELOPS_PROJECT=PROJECT_ID',
  ]
  const main = html`<h1>Connect from Python</h1>
<p class="soft">This package signs you in from Python. MLflow’s client then sends a valid token with every request.</p>
<h2>1. Install the package</h2>
${command(`pip install ${packageUrl}`)}
<p class="soft">SHA-256: <code>${sha256}</code></p>
<h2>2. Sign in</h2>
${canSignIn && signIn(publicUrl)}
<p>A program without a user has a client of its own at the sign-in service: set <code>MODELOPS_CLIENT_ID</code> and
<code>MODELOPS_CLIENT_SECRET_FILE</code>.</p>
<h2>3. Set up MLflow</h2>
${command(settings.join('\n'))}
<p>The <a href="/">start page</a> shows the IDs of your projects. If you have only one project, you can leave out
<code>MODELOPS_PROJECT</code>.</p>`
  return { title: 'Connect from Python', main }
}

const command = (text: string): Html => html`<pre><code>${text}</code></pre>`

const signIn = (publicUrl: string): Html => html`${command(`python -m modelops_gateway_mlflow login ${publicUrl}`)}
<p>Open the address that the command prints, in any browser. Your sign-in is kept in your home folder.</p>`

/** Shown where the gateway was built without the package. */
export function clientsMissingPage(): PageContent {
  const main = html`<section class="narrow" aria-labelledby="what">
<h1 id="what">This gateway has no Python package</h1>
<p>It was built without the package. Ask your administrator to install the gateway from the files of
<code>npm run package</code>.</p>
<div class="actions"><a class="button quiet" href="/">Go to the start page</a></div>
</section>`
  return { title: 'Connect from Python', main }
}
