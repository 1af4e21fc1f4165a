/** Pause between retries while a sink is being closed, ms. */
const SHORT_MS = 50

/** Pauses that can be ended early. They do not keep the process alive. */
export class Wait {
  #isEnded = false
  readonly #pending = new Set<() => void>()

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#pending.delete(end)
        resolve()
      }
      const timer = setTimeout(end, this.#isEnded ? Math.min(ms, SHORT_MS) : ms)
      // Whoever closes waits for the end of these pauses, and nobody else does.
      if (!this.#isEnded) timer.unref()
      this.#pending.add(end)
    })
  }

  /** Ends all pauses, and keeps later ones short. */
  endAll(): void {
    this.#isEnded = true
    for (const end of [...this.#pending]) end()
  }
}

/** Waits for work, for at most `ms`. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
