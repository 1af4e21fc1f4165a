import type { Clock } from '../../shared/clock.ts'
import type { Lease, SessionBackend } from './stores/backend.ts'

/** A killed holder keeps others waiting this long at most. */
export const LEASE_SECONDS = 10
/** How often a process that waits looks for itself, should the word of a change be late or lost. */
const LOOK_EVERY_MS = 200
/** Longest wait for another process. */
const WAIT_MS = 30_000

type Store = Pick<SessionBackend, 'acquireLease' | 'onChange'>

/** What one process does for all. */
export interface SharedWork<T> {
  /** The session it is about. */
  readonly key: string
  /** The outcome once some process has reached it, undefined while it is open. */
  outcome(): Promise<{ value: T } | undefined>
  /** Reaches the outcome; called by the holder of the lease alone. Fails: others may try after `retryAfterSeconds`. */
  work(): Promise<T>
  retryAfterSeconds(): number
}

/** Resolves when the session changed, or after {@link LOOK_EVERY_MS}. */
function nextLook(store: Store, key: string): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, LOOK_EVERY_MS)
    const unsubscribe = store.onChange((change) => {
      if (change.key === key) done()
    })
  })
}

/**
 * A failure is told to every process by a lease of its own name, and the work's lease is given back: who waits learns of
 * it now, instead of waiting through the pauses of whoever is quickest to try again.
 */
const pauseName = (key: string) => `refresh pause ${key}`

/** @throws Error while the pause after a failure runs */
async function checkPause(store: Store, key: string): Promise<void> {
  const free = await store.acquireLease(pauseName(key), 1)
  if (free === undefined) throw new Error('it failed a moment ago, perhaps in another process')
  await free.release()
}

async function holding<T>(store: Store, lease: Lease, shared: SharedWork<T>): Promise<T> {
  const { key, outcome, work, retryAfterSeconds } = shared
  // a lost renewal only lets another process try; whoever writes second is refused by the revision
  const renewal = setInterval(() => lease.renew(LEASE_SECONDS).catch(() => false), (LEASE_SECONDS * 1000) / 3).unref()
  try {
    const reached = await outcome()
    if (reached !== undefined) return reached.value
    await checkPause(store, key)
    return await work().catch(async (error: unknown) => {
      await store.acquireLease(pauseName(key), retryAfterSeconds()).catch(() => undefined)
      throw error
    })
  } finally {
    clearInterval(renewal)
    await lease.release().catch(() => undefined) // it runs out by itself
  }
}

/**
 * Does the work in one process while the others wait for its outcome. A holder that dies is followed by another.
 * @throws whatever `work` throws, StoreDown, or Error: another process takes longer than {@link WAIT_MS}, or the pause
 * after a failure runs
 */
export async function onceAcrossProcesses<T>(store: Store, clock: Clock, shared: SharedWork<T>): Promise<T> {
  const giveUpAt = clock() + WAIT_MS
  for (;;) {
    const lease = await store.acquireLease(`refresh ${shared.key}`, LEASE_SECONDS)
    if (lease !== undefined) return holding(store, lease, shared)
    await nextLook(store, shared.key)
    const reached = await shared.outcome()
    if (reached !== undefined) return reached.value
    if (clock() >= giveUpAt) throw new Error(`another process has held the refresh for ${WAIT_MS / 1000} s`)
  }
}
