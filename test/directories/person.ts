import * as oidc from 'openid-client'
import type { BrowserContext, Page, Response } from 'playwright-core'
import { browserFlow } from '../../src/cli/login/browser-flow.ts'
import type { Federation } from './federation.ts'

/** A person at a browser. */
export class Person {
  readonly #federation: Federation
  readonly #context: BrowserContext
  readonly page: Page
  /** Pages on which the person had to do something at an issuer. */
  issuerPages = 0

  private constructor(federation: Federation, context: BrowserContext, page: Page) {
    this.#federation = federation
    this.#context = context
    this.page = page
    page.on('response', (response) => void this.#count(response))
  }

  /** @param env Environment of the browser: the Kerberos tickets. */
  static async open(federation: Federation, env: Record<string, string> = {}): Promise<Person> {
    const context = await federation.browser(env)
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    page.setDefaultNavigationTimeout(60_000)
    return new Person(federation, context, page)
  }

  /** Opens MLflow's list of experiments, by way of the sign-in if there is no session. */
  async openMlflow(): Promise<void> {
    await this.page.goto('about:blank') // from MLflow's own page, another fragment would load nothing
    await this.page.goto(`${this.#federation.url}/mlflow/#/experiments`)
  }

  async fillForm(username: string): Promise<void> {
    await this.page.fill('input[name=username]', username)
    await this.page.fill('input[name=password]', `${username}-pw`)
    await this.page.press('input[name=password]', 'Enter')
  }

  async sees(experiment: string): Promise<void> {
    await this.page.getByText(experiment).first().waitFor()
  }

  /** Names of the projects that the gateway gives this session; undefined: it has none. */
  async projects(): Promise<string[] | undefined> {
    const response = await this.#context.request.get(`${this.#federation.url}/auth/session`)
    if (response.status() === 401) return undefined
    const { projects } = (await response.json()) as { projects: { name: string }[] }
    return projects.map(({ name }) => name).sort()
  }

  /** An access token of the command line, which this browser signs in. */
  async accessToken(): Promise<string> {
    const { issuerUrl } = this.#federation
    const config = await oidc.discovery(new URL(issuerUrl), 'modelops-cli', undefined, oidc.None(), {
      execute: [oidc.allowInsecureRequests],
    })
    // The browser's cookies sign in at Keycloak without a page, which a terminal's browser would show only to close.
    const open = (url: string) => void this.#context.request.get(url).catch(() => {})
    const tokens = await browserFlow(config, 'openid profile email', open, 60_000)
    return tokens.access_token
  }

  /** Forgets the gateway's session and keeps that at the issuer, as after the end of a session. */
  async leaveGateway(): Promise<void> {
    await this.#context.clearCookies({ name: /modelops_gateway/ })
  }

  #count(response: Response): void {
    const isPage = response.request().isNavigationRequest() && response.request().frame() === this.page.mainFrame()
    const isIssuer = new URL(response.url()).origin === this.#federation.keycloak.origin
    if (!isPage || !isIssuer || response.status() !== 200) return
    // A page that posts a SAML message by itself is not one that a person sees.
    void response.text().then(
      (text) => {
        if (!/SAML(Request|Response)/.test(text)) this.issuerPages += 1
      },
      () => {},
    )
  }
}

/** Status of a request to MLflow's API with a bearer token, in one project. */
export async function askMlflow({ url }: Federation, token: string, project: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'AOA-Project-ID': project }
  const response = await fetch(`${url}/mlflow/api/2.0/mlflow/experiments/search?max_results=5`, { headers })
  await response.arrayBuffer()
  return response.status
}
