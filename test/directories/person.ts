import type { BrowserContext, Page, Response } from 'playwright-core'
import type { Scenario } from './scenario.ts'
import { accessTokenOf, projectNames } from './session.ts'

/** A person at a browser. */
export class Person {
  readonly #scenario: Scenario
  readonly #context: BrowserContext
  readonly page: Page
  /** Pages on which the person had to do something at an issuer. */
  issuerPages = 0

  private constructor(scenario: Scenario, context: BrowserContext, page: Page) {
    this.#scenario = scenario
    this.#context = context
    this.page = page
    page.on('response', (response) => void this.#count(response))
  }

  /** @param env Environment of the browser: the Kerberos tickets. */
  static async open(scenario: Scenario, env: Record<string, string> = {}): Promise<Person> {
    const context = await scenario.browser(env)
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    page.setDefaultNavigationTimeout(60_000)
    return new Person(scenario, context, page)
  }

  /** Opens MLflow's list of experiments, by way of the sign-in if there is no session. */
  async openMlflow(): Promise<void> {
    await this.page.goto('about:blank') // from MLflow's own page, another fragment would load nothing
    await this.page.goto(`${this.#scenario.url}/mlflow/#/experiments`)
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
    const response = await this.#context.request.get(`${this.#scenario.url}/auth/session`)
    return projectNames(response.status(), await response.text())
  }

  /** An access token of the command line, which this browser signs in. */
  accessToken(): Promise<string> {
    // The browser's cookies sign in at Keycloak without a page, which a terminal's browser would show only to close.
    return accessTokenOf(this.#scenario.issuerUrl, (url) => this.#context.request.get(url))
  }

  /** Forgets the gateway's session and keeps that at the issuer, as after the end of a session. */
  async leaveGateway(): Promise<void> {
    await this.#context.clearCookies({ name: /modelops_gateway/ })
  }

  #count(response: Response): void {
    const isPage = response.request().isNavigationRequest() && response.request().frame() === this.page.mainFrame()
    const isIssuer = new URL(response.url()).origin === this.#scenario.keycloak.origin
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
