import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from './lab.ts'
import { putLoad, type Seen } from './load.ts'

export interface Row extends Seen {
  readonly fault: string
  /** What was observed besides the load: counts, statuses, times. */
  readonly note: string
  /** How many requests may fail: a killed process loses the requests in it. */
  readonly mayFail: number
  /** Whether users may have to sign in again. The note says why. */
  readonly mayLogOut: boolean
  /** Expectations besides the load that failed. Empty: none. */
  readonly broken: readonly string[]
}

/** A group of faults that share a lab. */
export type Rows = () => AsyncGenerator<Row>

export const isGood = ({ failed, mayFail, loggedOut, mayLogOut, letIn, broken }: Row) =>
  failed <= mayFail && (mayLogOut || loggedOut === 0) && letIn === 0 && broken.length === 0

/** Requests per second. */
export const RATE = 30
/** Odd, so that each user reaches both replicas. */
export const PEOPLE = 7
/** A replica that has not cached a session cannot load it while the store is down: 503, and the session stays valid. */
export const UNMET = 2 * PEOPLE

/** Records an expectation. */
export type Expect = (isTrue: boolean, expectation: string) => void

export interface Fault {
  readonly fault: string
  readonly mayFail?: number
  readonly mayLogOut?: boolean
  readonly seconds: number
  /** Runs under the load. Resolves to a note. */
  readonly happens: (expect: Expect) => Promise<string>
}

export async function underLoad(
  lab: Lab,
  cookies: readonly string[],
  { fault, mayFail = 0, mayLogOut = false, seconds, happens }: Fault,
): Promise<Row> {
  const broken: string[] = []
  const load = putLoad({ url: lab.url, cookies, seconds, rate: RATE })
  await sleep(1000)
  const note = await happens((isTrue, expectation) => {
    if (!isTrue) broken.push(expectation)
  })
  const seen = await load
  return { fault, mayFail, mayLogOut, broken, ...seen, note }
}

/** Signs users in and sends requests of each to both replicas, as in any running system. */
export async function knownPeople(lab: Lab): Promise<string[]> {
  const cookies = await lab.signIn(PEOPLE)
  await putLoad({ url: lab.url, cookies, seconds: 2, rate: RATE })
  return cookies
}
