import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CI_CLIENT, CLI_CLIENT } from '../../../infra/issuer/clients.ts'
import { ALPHA } from '../../../infra/issuer/users.ts'
import { Browser } from '../../browser.ts'
import { signedInBrowser } from '../../kit.ts'
import { projectsOf, USERS } from '../world/settings.ts'
import type { Caller } from './stage.ts'

/** A browser that has signed in through a gateway. */
export async function sessionOf(url: string, username: string): Promise<Caller & { readonly browser: Browser }> {
  const browser = await signedInBrowser({ url }, username)
  const projects = projectsOf(USERS.find((user) => user.username === username) ?? { groups: [] })
  return { user: username, projects, browser, credentials: () => ({ cookie: browser.cookieHeader(new URL(url)) }) }
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly expires_in: number
}

/** Renewed when less than this is left, in seconds. */
const LEFT_SECONDS = 10

/** A program with an access token, which it renews before it expires. */
export class TokenHolder implements Caller {
  readonly user: string
  readonly projects: readonly string[]
  readonly #renew: (previous: Tokens | undefined) => Promise<Tokens>
  /** Of its own, which are not refreshes of sessions. */
  refreshes = 0
  #tokens: Tokens | undefined
  #expiresAt = 0

  constructor(user: string, projects: readonly string[], renew: (previous: Tokens | undefined) => Promise<Tokens>) {
    this.user = user
    this.projects = projects
    this.#renew = renew
  }

  credentials(): Record<string, string> {
    return { authorization: `Bearer ${this.#tokens?.access_token}` }
  }

  async renewIfNeeded(): Promise<void> {
    if (performance.now() < this.#expiresAt) return
    if (this.#tokens?.refresh_token !== undefined) this.refreshes += 1
    this.#tokens = await this.#renew(this.#tokens)
    this.#expiresAt = performance.now() + (this.#tokens.expires_in - LEFT_SECONDS) * 1000
  }
}

async function tokensBy(issuerUrl: string, form: Record<string, string>, authorization?: string): Promise<Tokens> {
  const headers = authorization === undefined ? {} : { authorization }
  const body = new URLSearchParams(form)
  const response = await fetch(`${issuerUrl}/token`, { method: 'POST', headers, body })
  const text = await response.text()
  if (!response.ok) throw new Error(`the token endpoint responded ${response.status} to ${form.grant_type}`)
  return JSON.parse(text) as Tokens
}

const MACHINE = `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`

/** A machine, and users of the command line: each signs in once and then refreshes. */
export function tokenHolders(issuerUrl: string, usernames: readonly string[]): TokenHolder[] {
  const machine = () => tokensBy(issuerUrl, { grant_type: 'client_credentials' }, MACHINE)
  const client_id = CLI_CLIENT.id
  return [
    new TokenHolder(`service-account-${CI_CLIENT.id}`, [ALPHA], machine),
    ...usernames.map((username) => {
      const projects = projectsOf(USERS.find((user) => user.username === username) ?? { groups: [] })
      return new TokenHolder(username, projects, (previous) =>
        previous?.refresh_token === undefined
          ? signIn(issuerUrl, username)
          : tokensBy(issuerUrl, { grant_type: 'refresh_token', refresh_token: previous.refresh_token, client_id }),
      )
    }),
  ]
}

/** Authorization code with PKCE (RFC 7636), as the command line does it. */
async function signIn(issuerUrl: string, username: string): Promise<Tokens> {
  const landing = await startLanding()
  const redirect_uri = `http://127.0.0.1:${(landing.address() as AddressInfo).port}/callback`
  const code_verifier = randomBytes(32).toString('base64url')
  const url = new URL('/auth', issuerUrl)
  const parameters = {
    ...{ client_id: CLI_CLIENT.id, response_type: 'code', scope: 'openid profile email', redirect_uri },
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    ...{ code_challenge_method: 'S256', state: 'not-used' },
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const browser = new Browser()
  try {
    const page = await browser.submit(await browser.open(url), { username, password: `${username}-pw` })
    const code = page.url.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier, client_id: CLI_CLIENT.id }
    return await tokensBy(issuerUrl, form)
  } finally {
    landing.closeAllConnections()
    landing.close()
  }
}

async function startLanding(): Promise<Server> {
  const server = createServer((_request, response) => response.end('signed in')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
