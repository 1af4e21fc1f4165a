import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from './lab.ts'
import { putLoad, type Seen } from './load.ts'

export interface Row extends Seen {
  readonly fault: string
  /** What is beside the load: counts, statuses, times. */
  readonly note: string
  /** Requests that may fail: a process killed with requests in it loses those. */
  readonly mayFail: number
  /** Whether people may have to sign in again; the note says why. */
  readonly mayLogOut: boolean
  /** Promises beside the load that did not hold; none: good. */
  readonly broken: readonly string[]
}

/** A group of faults that share a lab. */
export type Rows = () => AsyncGenerator<Row>

export const isGood = ({ failed, mayFail, loggedOut, mayLogOut, letIn, broken }: Row) =>
  failed <= mayFail && (mayLogOut || loggedOut === 0) && letIn === 0 && broken.length === 0

/** Requests a second. */
export const RATE = 30
/** Odd, so that each person meets both replicas. */
export const PEOPLE = 7
/** A replica that has not met a session cannot vouch for it while the store is away: 503, and the session lives. */
export const UNMET = 2 * PEOPLE

/** Notes a promise that must hold. */
export type Expect = (holds: boolean, promise: string) => void

export interface FieldError {
  readonly fault: string
  readonly mayFail?: number
  readonly mayLogOut?: boolean
  readonly seconds: number
  /** Happens under the load; resolves to a note. */
  readonly happens: (expect: Expect) => Promise<string>
}

export async function underLoad(
  lab: Lab,
  cookies: readonly string[],
  { fault, mayFail = 0, mayLogOut = false, seconds, happens }: FieldError,
): Promise<Row> {
  const broken: string[] = []
  const load = putLoad({ url: lab.url, cookies, seconds, rate: RATE })
  await sleep(1000)
  const note = await happens((holds, promise) => {
    if (!holds) broken.push(promise)
  })
  const seen = await load
  return { fault, mayFail, mayLogOut, broken, ...seen, note }
}

/** Signs people in and lets both replicas meet everybody, as they have in any running system. */
export async function knownPeople(lab: Lab): Promise<string[]> {
  const cookies = await lab.signIn(PEOPLE)
  await putLoad({ url: lab.url, cookies, seconds: 2, rate: RATE })
  return cookies
}
