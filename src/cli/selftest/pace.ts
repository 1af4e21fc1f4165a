import { setTimeout as sleep } from 'node:timers/promises'

export interface PaceClock {
  /** Milliseconds of any monotonic clock. */
  readonly now: () => number
  readonly sleep: (milliseconds: number) => Promise<unknown>
}

const SYSTEM: PaceClock = { now: () => performance.now(), sleep }

/** At most so many turns a second, evenly spread. @returns what each sender awaits before it sends */
export function pace(perSecond: number, { now, sleep: wait }: PaceClock = SYSTEM): () => Promise<void> {
  const gapMs = 1000 / perSecond
  let next = now()
  return async () => {
    const at = Math.max(next, now())
    next = at + gapMs
    if (at > now()) await wait(at - now())
  }
}
