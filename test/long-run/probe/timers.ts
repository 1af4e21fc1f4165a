import { createRequire } from 'node:module'

/** A list of Node's timers of one duration: a ring of items around the list itself. */
interface TimerList {
  readonly _idlePrev: TimerList
}

/**
 * How many timers wait, by their duration in ms. Timers without a reference are counted as well, which
 * `process.getActiveResourcesInfo()` leaves out. Needs `--expose-internals`.
 */
export function waitingTimers(): Record<string, number> {
  const { timerListMap } = createRequire(import.meta.url)('internal/timers') as {
    timerListMap: Record<string, TimerList>
  }
  const counts: Record<string, number> = {}
  for (const [duration, list] of Object.entries(timerListMap)) {
    let count = 0
    for (let item = list._idlePrev; item !== list; item = item._idlePrev) count += 1
    counts[duration] = count
  }
  return counts
}
