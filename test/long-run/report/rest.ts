import { setTimeout as sleep } from 'node:timers/promises'
import type { Replica } from '../world/replica.ts'
import { type Sample, sampleOf } from './samples.ts'

/** Longest time until a replica without traffic has given everything back, in ms. */
const LONGEST_MS = 60_000
const EVERY_MS = 1000

/** What a replica has while nothing happens. */
export type Rest = Pick<Sample, 'descriptors' | 'timers' | 'resources'>

/** Waits until no client is connected and two readings in turn are the same. @throws Error if that does not happen */
export async function restOf(replica: Replica): Promise<Rest> {
  let last = await sampleOf(replica, 0, true)
  let differences: string[] = []
  for (const end = performance.now() + LONGEST_MS; performance.now() < end; ) {
    await sleep(4 * EVERY_MS)
    const next = await sampleOf(replica, 0, true)
    differences = differencesOfRest(last, next)
    if (differences.length === 0 && next.descriptors.kinds['client socket'] === undefined) return next
    last = next
  }
  throw new Error(`${replica.name} does not come to rest before the traffic: ${differences.join('; ')}`)
}

/** Waits until a replica has no more than before the traffic. Resolves to what it still has more, or less. */
export async function returnsToRest(replica: Replica, before: Rest): Promise<string[]> {
  for (const end = performance.now() + LONGEST_MS; ; await sleep(EVERY_MS)) {
    const differences = differencesOfRest(before, await sampleOf(replica, 0, true))
    if (differences.length === 0 || performance.now() > end) return differences
  }
}

/** Each kind of descriptor, state of a socket, timer and handle whose number differs. */
export function differencesOfRest(before: Rest, after: Rest): string[] {
  return [
    ...differing('descriptors', before.descriptors.kinds, after.descriptors.kinds),
    ...differing('sockets', before.descriptors.states, after.descriptors.states),
    ...differing('timers of ms', byDuration(before.timers), byDuration(after.timers)),
    ...differing('handles', before.resources, after.resources),
  ]
}

/** Durations that were calculated, such as the time until something expires, differ each time. They count together. */
const STEP_MS = 250

function byDuration(timers: Counts): Counts {
  const counts: Record<string, number> = {}
  for (const [duration, count] of Object.entries(timers)) {
    const name = Number(duration) % STEP_MS === 0 ? duration : 'calculated'
    counts[name] = (counts[name] ?? 0) + count
  }
  return counts
}

type Counts = Readonly<Record<string, number>>

function differing(what: string, before: Counts, after: Counts): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .filter((name) => (before[name] ?? 0) !== (after[name] ?? 0))
    .map((name) => `${what} ${name}: ${before[name] ?? 0} before, ${after[name] ?? 0} after`)
}
