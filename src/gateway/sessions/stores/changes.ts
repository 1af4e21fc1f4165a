export interface SessionChange {
  readonly key: string
  readonly ended: boolean
}

/** Who wants to hear of changed sessions; every backend has one. */
export class ChangeListeners {
  readonly #listeners = new Set<(change: SessionChange) => void>()

  /** Returns the unsubscribe function. */
  add(listener: (change: SessionChange) => void): () => void {
    // wrapped, so that the same function added twice is two subscriptions
    const entry = (change: SessionChange) => listener(change)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  announce(change: SessionChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  clear(): void {
    this.#listeners.clear()
  }
}
