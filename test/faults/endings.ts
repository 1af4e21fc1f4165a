import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from '../browser.ts'
import type { Lab } from './lab.ts'
import { ask, isLoggedOut } from './load.ts'
import { ADMIN_TOKEN, type Replica } from './replica.ts'

/** A way to end a session. */
export type Ending = (lab: Lab, browser: Browser, via: Replica) => Promise<void>

/** The user signs out. */
export const logout: Ending = async ({ url }, browser, via) => {
  const headers = { host: new URL(url).host, origin: url, accept: 'application/json' }
  const { status } = await browser.fetch(`${via.url}/auth/logout`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(),
  })
  if (status !== 200) throw new Error(`the sign-out returned ${status}`)
}

/** An administrator ends the newest session. */
export const endByAdmin: Ending = async (_lab, _browser, { adminUrl }) => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const page = (await (await fetch(`${adminUrl}/sessions?limit=1`, { headers })).json()) as {
    sessions: { key: string }[]
  }
  const { status } = await fetch(`${adminUrl}/sessions/${page.sessions[0]?.key}`, { method: 'DELETE', headers })
  if (status !== 200) throw new Error(`the session administration returned ${status}`)
}

/** The user signs out at the issuer, which notifies the gateway over the back channel, through Caddy. */
export const backchannel: Ending = async ({ issuer }, browser) => {
  const page = await browser.submit(await browser.open(`${issuer.url}/session/end`))
  if (page.status !== 200) throw new Error(`the issuer returned ${page.status}`)
}

export interface EndSeen {
  /** Milliseconds from the response that ended the session until the last replica denied a request. */
  readonly deniedAfter: number
  /** Requests that were sent after the bound and accepted. */
  readonly letIn: number
}

const GIVE_UP_MS = 5000

/** Ends the session of a browser that both replicas know, and sends requests to both until they deny them. */
export async function endAndWatch(lab: Lab, ending: Ending, boundMs: number, via = lab.replicas[0]): Promise<EndSeen> {
  const [browser] = await lab.browsers(1)
  if (browser === undefined) throw new Error('nobody signed in')
  const cookie = lab.cookieOf(browser)
  const { host } = new URL(lab.url)
  for (const { url } of lab.replicas) {
    const status = await ask(url, cookie, 'GET', host)
    if (status !== 200) throw new Error(`a new session got status ${status}`)
  }
  await ending(lab, browser, via)
  const endedAt = performance.now()
  const untilDenied = async ({ url }: Replica): Promise<EndSeen> => {
    for (let letIn = 0; ; await sleep(20)) {
      const sentAt = performance.now() - endedAt
      const status = await ask(url, cookie, 'GET', host)
      if (status === 200 && sentAt > boundMs) letIn += 1
      const isDenied = isLoggedOut(status) || status === 503
      if (isDenied || sentAt > boundMs + GIVE_UP_MS) return { deniedAfter: performance.now() - endedAt, letIn }
    }
  }
  const seen = await Promise.all(lab.replicas.map(untilDenied))
  return {
    deniedAfter: Math.round(Math.max(...seen.map((each) => each.deniedAfter))),
    letIn: seen.reduce((sum, each) => sum + each.letIn, 0),
  }
}
