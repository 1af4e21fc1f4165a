const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type Signal = (typeof SIGNALS)[number]

/**
 * Runs synchronous work that these signals cannot interrupt. Resolves to the first signal that arrived meanwhile, which
 * has had no effect on this process yet.
 */
export async function deferSignals(work: () => void): Promise<Signal | undefined> {
  let received: Signal | undefined
  const remember = (signal: Signal) => {
    received ??= signal
  }
  for (const signal of SIGNALS) process.on(signal, remember)
  try {
    work()
    // Signals are delivered when the event loop polls, which it has done for certain after two rounds.
    for (let round = 0; round < 2; round++) await new Promise((resolve) => setImmediate(resolve))
    return received
  } finally {
    for (const signal of SIGNALS) process.off(signal, remember)
  }
}

/** Lets a deferred signal take effect, unless other code of the process handles it. */
export function raise(signal: Signal): void {
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}
