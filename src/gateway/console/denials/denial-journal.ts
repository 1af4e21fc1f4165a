import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/message-of.ts'
import type { SealedJournal } from '../../sessions/journal/sealed-journal.ts'
import { CallerLimit } from './caller-limit.ts'
import type { DenialRecord } from './denial-record.ts'

/**
 * Denials of callers who are known and of all others are kept apart: whoever floods the gateway without signing in pushes
 * out nobody's denial but those of other anonymous requests.
 */
export const JOURNALS = {
  known: { name: 'denials', keep: 4000, perFlush: 50 },
  anonymous: { name: 'denials-anonymous', keep: 1000, perFlush: 20 },
} as const

type Kind = keyof typeof JOURNALS
/** How many denials were not kept, and when. */
export const DROPPED = { name: 'denials-dropped', keep: 300 } as const
/** Greatest age of an entry, ms. */
export const KEEP_MS = 24 * 3_600_000

const FLUSH_EVERY_MS = 1000
const PER_CALLER_AND_MINUTE = 60
/** How often the number of denials that were not kept is written, ms. */
const REPORT_EVERY_MS = 60_000

export interface DenialJournalDeps {
  readonly clock: Clock
  /** That of the current configuration. */
  readonly journal: () => SealedJournal
}

/** What this process could not keep. */
export interface JournalState {
  /** Denials since the process started that were not kept: too many at a time, or the store failed. */
  readonly dropped: number
  /** The last failure of the store; undefined since a write succeeded. */
  readonly fault: string | undefined
}

/**
 * Keeps recent denials in the session store, where every process and replica finds them. Requests never wait for it: it
 * writes about once a second, a limited number of entries at a time, and whatever goes wrong is counted and shown instead.
 */
export class DenialJournal {
  readonly #deps: DenialJournalDeps
  readonly #limit = new CallerLimit(PER_CALLER_AND_MINUTE)
  #pending: Record<Kind, DenialRecord[]> = { known: [], anonymous: [] }
  #timer: NodeJS.Timeout | undefined
  /** The writes so far, one after the other. Never rejects. */
  #written = Promise.resolve()
  #dropped = 0
  #reported = { dropped: 0, at: 0 }
  #fault: string | undefined

  constructor(deps: DenialJournalDeps) {
    this.#deps = deps
  }

  get state(): JournalState {
    return { dropped: this.#dropped, fault: this.#fault }
  }

  /**
   * Adds a denial. Returns at once and never throws.
   * @param kind Whether the caller is known. @param caller Who is limited: a subject, or an address.
   * @param record Called only if the denial is kept
   */
  add(kind: Kind, caller: string, record: () => DenialRecord): void {
    const pending = this.#pending[kind]
    try {
      if (pending.length < JOURNALS[kind].perFlush && this.#limit.takes(`${kind} ${caller}`, this.#deps.clock()))
        pending.push(record())
      else this.#dropped += 1
    } catch (error) {
      this.#failed(1, error)
    }
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS).unref()
  }

  /** Writes what waits. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#written = this.#written.then(() => this.#write()).catch((error) => this.#failed(0, error))
    return this.#written
  }

  async #write(): Promise<void> {
    const journal = this.#deps.journal()
    const batch = this.#pending
    this.#pending = { known: [], anonymous: [] }
    for (const kind of ['known', 'anonymous'] as const) await this.#append(journal, kind, batch[kind])
    await this.#reportDropped(journal)
  }

  async #append(journal: SealedJournal, kind: Kind, records: readonly DenialRecord[]): Promise<void> {
    if (records.length === 0) return
    const { name, keep } = JOURNALS[kind]
    try {
      await journal.append(name, records.map(entryOf), { keep, keepMs: KEEP_MS })
      this.#fault = undefined
    } catch (error) {
      this.#failed(records.length, error)
    }
  }

  async #reportDropped(journal: SealedJournal): Promise<void> {
    const [at, count] = [this.#deps.clock(), this.#dropped - this.#reported.dropped]
    if (count === 0 || Math.abs(at - this.#reported.at) < REPORT_EVERY_MS) return
    this.#reported = { dropped: this.#dropped, at }
    const entry = { id: randomUUID(), at, text: JSON.stringify({ at, count }) }
    await journal.append(DROPPED.name, [entry], { keep: DROPPED.keep, keepMs: KEEP_MS })
  }

  #failed(denials: number, error: unknown): void {
    this.#dropped += denials
    this.#fault = messageOf(error)
  }
}

const entryOf = (record: DenialRecord) => ({ id: record.requestId, at: record.at, text: JSON.stringify(record) })
