/** A session that ended or was replaced. */
export interface SessionChange {
  readonly key: string
  readonly ended: boolean
}

/** The listeners of a backend. */
export class ChangeListeners {
  readonly #listeners = new Set<(change: SessionChange) => void>()

  /** @returns the unsubscribe function */
  add(listener: (change: SessionChange) => void): () => void {
    // wrapped, so that the same function added twice is two subscriptions
    const entry = (change: SessionChange) => listener(change)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  notify(change: SessionChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  clear(): void {
    this.#listeners.clear()
  }
}
