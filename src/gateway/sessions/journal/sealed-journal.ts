import { Sealer } from '../crypto/sealing.ts'
import type { JournalEntry, JournalLimits, SessionBackend } from '../stores/backend.ts'

/** An entry of a journal as JSON. */
export interface JournalText {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly text: string
}

/**
 * Journals in the session store, sealed with the session secrets: a reader of the store learns when an entry was written
 * and its ID, and nothing else. Entries of a secret that was withdrawn are left out. Every method rejects with StoreDown
 * when the store does.
 */
export class SealedJournal {
  readonly #backend: SessionBackend
  readonly #sealer: Sealer

  /** @param secrets `session.secrets`, newest first */
  constructor(backend: SessionBackend, secrets: readonly string[]) {
    this.#backend = backend
    this.#sealer = new Sealer(secrets, 'journal')
  }

  append(name: string, entries: readonly JournalText[], limits: JournalLimits): Promise<void> {
    const sealed = entries.map(({ id, at, text }) => ({ id, at, sealed: this.#sealer.seal(text, contextOf(name, id)) }))
    return this.#backend.appendJournal(name, sealed, limits)
  }

  /** Newest first. @returns the entries, and whether the page was full: there may be another one */
  async read(
    name: string,
    page: { offset: number; limit: number },
  ): Promise<{ entries: JournalText[]; isFull: boolean }> {
    const found = await this.#backend.readJournal(name, page)
    return { entries: found.flatMap((entry) => this.#open(name, entry) ?? []), isFull: found.length === page.limit }
  }

  async find(name: string, id: string): Promise<JournalText | undefined> {
    const entry = await this.#backend.findInJournal(name, id)
    return entry && this.#open(name, entry)
  }

  #open(name: string, { id, at, sealed }: JournalEntry): JournalText | undefined {
    const text = this.#sealer.open(sealed, contextOf(name, id))
    return text === undefined ? undefined : { id, at, text }
  }
}

/** Sealed text that is moved to another journal or ID does not open. */
const contextOf = (name: string, id: string) => JSON.stringify([name, id])
