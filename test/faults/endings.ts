import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from '../browser.ts'
import type { Lab } from './lab.ts'
import { ask, isLoggedOut } from './load.ts'
import { ADMIN_TOKEN, type Replica } from './replica.ts'

/** A way to end a session. */
export type Ending = (lab: Lab, browser: Browser, via: Replica) => Promise<void>

/** The person signs out. */
export const logout: Ending = async ({ url }, browser, via) => {
  const headers = { host: new URL(url).host, origin: url, accept: 'application/json' }
  const { status } = await browser.fetch(`${via.url}/auth/logout`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(),
  })
  if (status !== 200) throw new Error(`the logout was answered with ${status}`)
}

/** An administrator ends the newest session. */
export const endByAdmin: Ending = async (_lab, _browser, { adminUrl }) => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const page = (await (await fetch(`${adminUrl}/sessions?limit=1`, { headers })).json()) as {
    sessions: { key: string }[]
  }
  const { status } = await fetch(`${adminUrl}/sessions/${page.sessions[0]?.key}`, { method: 'DELETE', headers })
  if (status !== 200) throw new Error(`the session administration answered ${status}`)
}

/** The person signs out at the issuer, which tells the gateway by the back channel, through Caddy. */
export const backchannel: Ending = async ({ issuer }, browser) => {
  const page = await browser.submit(await browser.open(`${issuer.url}/session/end`))
  if (page.status !== 200) throw new Error(`the issuer answered ${page.status}`)
}

export interface EndSeen {
  /** Milliseconds from the answer to the ending until the last replica refused. */
  readonly refusedAfter: number
  /** Requests sent later than the bound and served all the same. */
  readonly letIn: number
}

const GIVE_UP_MS = 5000

/** Ends the session of a browser that both replicas know, and asks both until they refuse. */
export async function endAndWatch(lab: Lab, ending: Ending, boundMs: number, via = lab.replicas[0]): Promise<EndSeen> {
  const [browser] = await lab.browsers(1)
  if (browser === undefined) throw new Error('nobody signed in')
  const cookie = lab.cookieOf(browser)
  const { host } = new URL(lab.url)
  for (const { url } of lab.replicas) {
    const status = await ask(url, cookie, 'GET', host)
    if (status !== 200) throw new Error(`a new session was answered with ${status}`)
  }
  await ending(lab, browser, via)
  const endedAt = performance.now()
  const untilRefused = async ({ url }: Replica): Promise<EndSeen> => {
    for (let letIn = 0; ; await sleep(20)) {
      const sentAt = performance.now() - endedAt
      const status = await ask(url, cookie, 'GET', host)
      if (status === 200 && sentAt > boundMs) letIn += 1
      const isRefused = isLoggedOut(status) || status === 503
      if (isRefused || sentAt > boundMs + GIVE_UP_MS) return { refusedAfter: performance.now() - endedAt, letIn }
    }
  }
  const seen = await Promise.all(lab.replicas.map(untilRefused))
  return {
    refusedAfter: Math.round(Math.max(...seen.map((each) => each.refusedAfter))),
    letIn: seen.reduce((sum, each) => sum + each.letIn, 0),
  }
}
