import assert from 'node:assert/strict'
import * as oidc from 'openid-client'
import { browserFlow } from '../../src/cli/login/browser-flow.ts'
import { Browser } from '../browser.ts'
import type { Scenario } from './scenario.ts'

/** A user at a browser without scripts, which is enough for Keycloak's form and costs no Chromium. */
export class Visitor {
  readonly #scenario: Pick<Scenario, 'url' | 'issuerUrl'>
  readonly #browser = new Browser()

  private constructor(scenario: Pick<Scenario, 'url' | 'issuerUrl'>) {
    this.#scenario = scenario
  }

  /** Signs in at the gateway. @throws AssertionError if the user stays at Keycloak's form */
  static async signIn(scenario: Pick<Scenario, 'url' | 'issuerUrl'>, username: string): Promise<Visitor> {
    const visitor = new Visitor(scenario)
    const form = await visitor.#browser.open(`${scenario.url}/`)
    const page = await visitor.#browser.submit(form, { username, password: `${username}-pw` })
    assert.equal(page.url.origin, scenario.url, `${username} could not sign in`)
    return visitor
  }

  /** Names of the projects that the gateway gives this session; undefined: it has none. */
  async projects(): Promise<string[] | undefined> {
    const response = await this.#browser.fetch(`${this.#scenario.url}/auth/session`)
    const text = await response.text()
    if (response.status === 401) return undefined
    return (JSON.parse(text) as { projects: { name: string }[] }).projects.map(({ name }) => name).sort()
  }

  /** Bytes of the cookies that this browser sends to the gateway. */
  cookieBytes(): number {
    return this.#browser.cookieHeader(new URL(this.#scenario.url)).length
  }

  /** Status of a page of the gateway. */
  async open(path: string): Promise<number> {
    return (await this.#browser.open(this.#scenario.url + path)).status
  }

  /** An access token of the command line, which this browser signs in. */
  async accessToken(): Promise<string> {
    const config = await oidc.discovery(new URL(this.#scenario.issuerUrl), 'modelops-cli', undefined, oidc.None(), {
      execute: [oidc.allowInsecureRequests],
    })
    const open = (url: string) => void this.#browser.open(url).catch(() => {}) // the loopback server closes the connection
    return (await browserFlow(config, 'openid profile email', open, 30_000)).access_token
  }
}
