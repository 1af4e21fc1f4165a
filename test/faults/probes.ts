import { setTimeout as sleep } from 'node:timers/promises'
import { Browser } from '../browser.ts'
import { signIn } from '../kit.ts'
import { type Lab, REPLICA_HEADER } from './lab.ts'
import type { Replica } from './replica.ts'

/** The result of a new sign-in: `200`, or the denial with its delay, such as `503, Retry-After 5`. */
export async function loginResult({ url }: Pick<Lab, 'url'>): Promise<string> {
  const { status, headers } = await signIn(new Browser(), `${url}/`, 'alice')
  const pause = headers.get('retry-after')
  return pause === null ? String(status) : `${status}, Retry-After ${pause}`
}

export const isTemporaryDenial = (result: string) => /^503, Retry-After \d+$/.test(result)

/** The status of `/readyz` at the first replica. */
export const readyStatus = async ({ replicas: [first] }: Lab) => (await fetch(`${first.url}/readyz`)).status

const BALANCED_WITHIN_MS = 20_000

/** Waits until Caddy sends requests to a replica again. @throws Error if it does not within 20 s */
export async function balanced({ url }: Lab, replica: Replica): Promise<void> {
  const { host } = new URL(replica.url)
  const isReached = async () => {
    const response = await fetch(`${url}/healthz`)
    await response.arrayBuffer()
    return response.headers.get(REPLICA_HEADER) === host
  }
  const after = await untilTrue(isReached, BALANCED_WITHIN_MS)
  if (after >= BALANCED_WITHIN_MS) throw new Error(`Caddy sends nothing to ${host} within ${after} ms`)
}

const READY_WITHIN_MS = 20_000

/** Milliseconds until the first replica is ready. @throws Error if it is not ready within 20 s */
export async function readyAfter(lab: Lab): Promise<number> {
  const after = await untilTrue(async () => (await readyStatus(lab)) === 200, READY_WITHIN_MS)
  if (after >= READY_WITHIN_MS)
    throw new Error(`the replica is not ready again after ${READY_WITHIN_MS} ms. Its last lines:\n${lastLines(lab)}`)
  return after
}

const lastLines = ({ replicas: [first] }: Lab) => first.logged().trimEnd().split('\n').slice(-10).join('\n')

/** Milliseconds until the condition is true, or the bound. */
export async function untilTrue(condition: () => boolean | Promise<boolean>, boundMs: number): Promise<number> {
  const startedAt = performance.now()
  while (!(await condition()) && performance.now() - startedAt < boundMs) await sleep(50)
  return Math.round(performance.now() - startedAt)
}
