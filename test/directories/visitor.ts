import assert from 'node:assert/strict'
import { Browser } from '../browser.ts'
import type { Scenario } from './scenario.ts'
import { accessTokenOf, projectNames } from './session.ts'

type Addresses = Pick<Scenario, 'url' | 'issuerUrl'>

/** A user at a browser without scripts, which is enough for Keycloak's form and costs no Chromium. */
export class Visitor {
  readonly #addresses: Addresses
  readonly #browser = new Browser()

  private constructor(addresses: Addresses) {
    this.#addresses = addresses
  }

  /** Signs in at the gateway. @throws AssertionError if the user stays at Keycloak's form */
  static async signIn(addresses: Addresses, username: string): Promise<Visitor> {
    const visitor = new Visitor(addresses)
    const form = await visitor.#browser.open(`${addresses.url}/`)
    const page = await visitor.#browser.submit(form, { username, password: `${username}-pw` })
    assert.equal(page.url.origin, addresses.url, `${username} could not sign in`)
    return visitor
  }

  /** Names of the projects that the gateway gives this session; undefined: it has none. */
  async projects(): Promise<string[] | undefined> {
    const response = await this.#browser.fetch(`${this.#addresses.url}/auth/session`)
    return projectNames(response.status, await response.text())
  }

  /** The cookies that this browser sends to the gateway. */
  cookies(): string {
    return this.#browser.cookieHeader(new URL(this.#addresses.url))
  }

  /** Status of a page of the gateway. */
  async open(path: string): Promise<number> {
    return (await this.#browser.open(this.#addresses.url + path)).status
  }

  /** Status of a request to the gateway that is not a page. */
  async request(path: string): Promise<number> {
    return (await this.#browser.fetch(this.#addresses.url + path)).status
  }

  /** An access token of the command line, which this browser signs in. */
  accessToken(): Promise<string> {
    return accessTokenOf(this.#addresses.issuerUrl, (url) => this.#browser.open(url))
  }
}
