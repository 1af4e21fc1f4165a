import { setTimeout as sleep } from 'node:timers/promises'
import { Browser } from '../browser.ts'
import { signIn } from '../kit.ts'
import type { Lab } from './lab.ts'

/** How a new person’s login ends: `200`, or the refusal with the pause it asks for, as `503, Retry-After 5`. */
export async function loginAnswer({ url }: Pick<Lab, 'url'>): Promise<string> {
  const { status, headers } = await signIn(new Browser(), `${url}/`, 'alice')
  const pause = headers.get('retry-after')
  return pause === null ? String(status) : `${status}, Retry-After ${pause}`
}

export const isRefusedForNow = (answer: string) => /^503, Retry-After \d+$/.test(answer)

/** What `/readyz` of the first replica answers. */
export const readyStatus = async ({ replicas: [first] }: Lab) => (await fetch(`${first.url}/readyz`)).status

const READY_WITHIN_MS = 20_000

/** Milliseconds until the first replica says that it is ready. @throws Error when it does not within 20 s */
export async function readyAfter(lab: Lab): Promise<number> {
  const after = await untilTrue(async () => (await readyStatus(lab)) === 200, READY_WITHIN_MS)
  if (after >= READY_WITHIN_MS) throw new Error(`the replica is not ready again after ${READY_WITHIN_MS} ms`)
  return after
}

/** Milliseconds until it holds; bounded. */
export async function untilTrue(holds: () => boolean | Promise<boolean>, boundMs: number): Promise<number> {
  const began = performance.now()
  while (!(await holds()) && performance.now() - began < boundMs) await sleep(50)
  return Math.round(performance.now() - began)
}
