import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** The result of a load. */
export interface Seen {
  /** Requests per second with the expected response. */
  readonly held: number
  readonly failed: number
  /** Responses that made a signed-in user sign in again. */
  readonly loggedOut: number
  /** Requests without a session that were accepted. */
  readonly letIn: number
  /** Milliseconds from the start of the load to the last failure. 0: none. */
  readonly lastFailureAt: number
  readonly faults: Readonly<Record<string, number>>
}

export interface LoadOptions {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** A cookie header for each signed-in user. */
  readonly cookies: readonly string[]
  /** How long it lasts at least. */
  readonly seconds: number
  /** Requests per second. */
  readonly rate: number
  /** The load also lasts until this is settled. */
  readonly until?: Promise<unknown>
}

const TIMEOUT_MS = 15_000

/** Sends requests: one in ten is unsafe, one in ten has no session. */
export async function putLoad({ url, cookies, seconds, rate, until }: LoadOptions): Promise<Seen> {
  const startedAt = performance.now()
  let waiting = until !== undefined
  const over = () => {
    waiting = false
  }
  until?.then(over, over)
  const count = { ok: 0, failed: 0, loggedOut: 0, letIn: 0, lastFailureAt: 0 }
  const faults: Record<string, number> = {}
  const once = async (n: number) => {
    const cookie = n % 10 === 9 ? undefined : cookies[n % cookies.length]
    const status = await ask(url, cookie, n % 10 === 4 ? 'POST' : 'GET')
    if (cookie === undefined) count.letIn += Number(status === 200)
    else if (status === 200) count.ok += 1
    else if (isLoggedOut(status)) count.loggedOut += 1
    else {
      count.failed += 1
      count.lastFailureAt = performance.now() - startedAt
      faults[String(status)] = (faults[String(status)] ?? 0) + 1
    }
  }
  const running: Promise<void>[] = []
  for (let n = 0; n < seconds * rate || waiting; n += 1) {
    running.push(once(n))
    await sleep(Math.max(0, startedAt + (n * 1000) / rate - performance.now()))
  }
  await Promise.all(running)
  const { ok, ...rest } = count
  return { ...rest, faults, held: Math.round(ok / ((performance.now() - startedAt) / 1000)) }
}

/** Whether a response makes a signed-in user sign in again. */
export const isLoggedOut = (status: number | string) => status === 401 || status === 302 || status === 303

/**
 * The status, or the code of the connection's error.
 * @param host Host of the gateway, if `url` is the URL of one replica
 */
export function ask(
  url: string,
  cookie: string | undefined,
  method = 'GET',
  host = new URL(url).host,
): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { host, origin: `http://${host}`, 'x-once': randomUUID(), ...(cookie !== undefined && { cookie }) }
    const sent = request(`${url}/lobby/x`, { method, headers, timeout: TIMEOUT_MS }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
      response.once('error', () => resolve('cut'))
    })
    sent.once('timeout', () => sent.destroy(new Error('timeout')))
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    sent.end()
  })
}
