import type { Clock } from '../../../shared/clock.ts'
import type { Lease, SessionBackend } from '../stores/backend.ts'

/** Others wait this long at most for a holder that was killed. */
const LEASE_SECONDS = 10
/** How often a waiting process reads the store, should the notification of a change be late or lost. */
const POLL_MS = 200
/** Longest wait for another process. */
const WAIT_MS = 30_000

type Store = Pick<SessionBackend, 'acquireLease' | 'onChange'>

/** Work that one process does for all. */
export interface SharedWork<T> {
  /** The session it is about. */
  readonly key: string
  /** The outcome once any process has reached it, else undefined. */
  outcome(): Promise<{ value: T } | undefined>
  /** Reaches the outcome; only the holder of the lease calls it. After a failure, others may try after `retryAfterSeconds`. */
  work(): Promise<T>
  retryAfterSeconds(): number
}

/** Resolves when the session changed, or after {@link POLL_MS}. */
function nextChange(store: Store, key: string): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, POLL_MS)
    const unsubscribe = store.onChange((change) => {
      if (change.key === key) done()
    })
  })
}

/**
 * After a failure the holder takes a lease of this name and releases the lease of the work: processes that wait learn of
 * the failure now, instead of waiting until the pauses of another one have passed.
 */
const pauseName = (key: string) => `refresh pause ${key}`

/** @throws Error during the pause after a failure */
async function checkPause(store: Store, key: string): Promise<void> {
  const free = await store.acquireLease(pauseName(key), 1)
  if (free === undefined) throw new Error('it failed a moment ago, perhaps in another process')
  await free.release()
}

async function holding<T>(store: Store, lease: Lease, shared: SharedWork<T>): Promise<T> {
  const { key, outcome, work, retryAfterSeconds } = shared
  // a lost renewal only lets another process try; the revision refuses whoever writes second
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
    await lease.release().catch(() => undefined) // it expires by itself
  }
}

/**
 * Does the work in one process while the others wait for its outcome. If the holder dies, another takes over.
 * @throws whatever `work` throws; StoreDown; Error when another process takes longer than {@link WAIT_MS}, or during the
 * pause after a failure
 */
export async function onceAcrossProcesses<T>(store: Store, clock: Clock, shared: SharedWork<T>): Promise<T> {
  const giveUpAt = clock() + WAIT_MS
  for (;;) {
    const lease = await store.acquireLease(`refresh ${shared.key}`, LEASE_SECONDS)
    if (lease !== undefined) return holding(store, lease, shared)
    await nextChange(store, shared.key)
    const reached = await shared.outcome()
    if (reached !== undefined) return reached.value
    if (clock() >= giveUpAt) throw new Error(`another process has held the refresh for ${WAIT_MS / 1000} s`)
  }
}
