import type { Instruments } from './instruments.ts'
import type { Count, Observer } from './series.ts'

/** How long a reading of the store is used, ms. */
const REUSE_MS = 15_000
/** Longest wait of `/metrics` for the store, ms. */
const WAIT_MS = 2000

/** A session store, as far as its metrics read it. */
export interface ObservedStore {
  readonly kind: string
  /** Resolves when it accepts a write. */
  ping(): Promise<void>
  /** Sessions that have not expired. */
  count(): Promise<number>
}

interface Reading {
  readonly ready: boolean
  /** Undefined: not known. */
  readonly active: number | undefined
}

export type StoreOperationFinished = (operation: string, seconds: number, failed: boolean) => void

/** Operations of the session store, and what it contains. */
export function buildStoreMetrics(
  instruments: Instruments,
  store: ObservedStore,
  now: () => number = () => performance.now(),
): { readonly finished: StoreOperationFinished } {
  const durations = instruments.histogram('modelops_gateway_store_operation_duration_seconds')
  const errors = instruments.counter('modelops_gateway_store_errors_total')
  const operations = new Map<string, { readonly duration: Observer; readonly failed: Count }>()
  const read = rarely(() => readingOf(store), now)
  instruments.gauge('modelops_gateway_store_ready', async (gauge) => gauge.set(Number((await read()).ready)))
  instruments.gauge('modelops_gateway_sessions_active', async (gauge) => {
    const { active } = await read()
    if (active === undefined) gauge.remove({ store: store.kind })
    else gauge.set({ store: store.kind }, active)
  })

  function resolve(operation: string) {
    const labels = { store: store.kind, operation }
    const made = { duration: durations.labels(labels), failed: errors.labels(labels) }
    operations.set(operation, made)
    return made
  }

  return {
    finished(operation, seconds, failed) {
      const series = operations.get(operation) ?? resolve(operation)
      series.duration.observe(seconds)
      if (failed) series.failed.inc()
    },
  }
}

async function readingOf(store: ObservedStore): Promise<Reading> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, WAIT_MS, undefined).unref()
  // The count alone may work where nothing can be written.
  const ready = store.ping().then(
    () => true,
    () => false,
  )
  const active = store.count().catch(() => undefined)
  try {
    return { ready: (await Promise.race([ready, late])) ?? false, active: await Promise.race([active, late]) }
  } finally {
    clearTimeout(timer)
  }
}

/** Reads at most once in {@link REUSE_MS}; readings at the same time share one. */
function rarely<T>(read: () => Promise<T>, now: () => number): () => Promise<T> {
  let last: { readonly value: Promise<T>; readonly at: number } | undefined
  return () => {
    if (last === undefined || now() - last.at >= REUSE_MS) last = { value: read(), at: now() }
    return last.value
  }
}
