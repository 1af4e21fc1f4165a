import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from './lab.ts'
import { ask, putLoad, type Seen } from './load.ts'
import { untilTrue } from './probes.ts'

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
const KNOWN_WITHIN_MS = 20_000

/** Records an expectation. */
export type Expect = (isTrue: boolean, expectation: string) => void

export interface Fault {
  readonly fault: string
  readonly mayFail?: number
  readonly mayLogOut?: boolean
  /** How long the load lasts at least. It also lasts until everything has happened. */
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
  const happening = sleep(1000).then(() =>
    happens((isTrue, expectation) => {
      if (!isTrue) broken.push(expectation)
    }),
  )
  const load = putLoad({ url: lab.url, cookies, seconds, rate: RATE, until: happening })
  const note = await happening
  const seen = await load
  return { fault, mayFail, mayLogOut, broken, ...seen, note }
}

/** Signs users in whom every replica knows, as in any running system. */
export async function knownPeople(lab: Lab): Promise<string[]> {
  const cookies = await lab.signIn(PEOPLE)
  await knowEverywhere(lab, cookies)
  await putLoad({ url: lab.url, cookies, seconds: 2, rate: RATE })
  return cookies
}

/**
 * Sends a request of each session to each replica until it is served. Without it, a replica that has just started may not
 * have served a session when the store fails, and returns 503 to every request of that session until the store responds.
 */
export async function knowEverywhere({ url, replicas }: Lab, cookies: readonly string[]): Promise<void> {
  const { host } = new URL(url)
  for (const replica of replicas)
    for (const cookie of cookies) {
      const isServed = async () => (await ask(replica.url, cookie, 'GET', host)) === 200
      const after = await untilTrue(isServed, KNOWN_WITHIN_MS)
      if (after >= KNOWN_WITHIN_MS) throw new Error(`${replica.url} does not serve a session within ${after} ms`)
    }
}
