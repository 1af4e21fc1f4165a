import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { Browser } from '../browser.ts'
import { signIn as openSignedIn } from '../kit.ts'
import type { World } from './kit.ts'

/** Somebody who is signed in at the gateway, as a browser without a screen. */
export interface Person {
  readonly browser: Browser
  /** A call as Airflow's pages make it. */
  call(path: string, method?: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }>
}

/** @param browser one that may have been somebody else's */
export async function signIn(world: World, username: string, browser = new Browser()): Promise<Person> {
  await openSignedIn(browser, `${world.url}/`, username)
  return { browser, call: (path, method, body) => call(browser, world.url + path, method, body) }
}

export async function call(browser: Browser, url: string, method = 'GET', body?: unknown) {
  const response = await browser.fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      'sec-fetch-mode': 'cors',
      'sec-fetch-site': 'same-origin',
      origin: new URL(url).origin,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: jsonOf(await response.text()) }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** An access token of the machine, a member of project alpha. */
export async function machineToken({ issuer }: Pick<World, 'issuer'>): Promise<string> {
  const metadata = await fetch(`${issuer}/.well-known/openid-configuration`)
  const { token_endpoint } = (await metadata.json()) as { token_endpoint: string }
  const response = await fetch(token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  return String(((await response.json()) as { access_token: string }).access_token)
}

/** Ids of the DAGs in a list, and what the list says of its own length. */
export function dagsIn({ json }: { json: Record<string, unknown> }): { ids: string[]; total: unknown } {
  const dags = (json.dags ?? []) as { dag_id: string }[]
  return { ids: dags.map((each) => each.dag_id).sort(), total: json.total_entries }
}
