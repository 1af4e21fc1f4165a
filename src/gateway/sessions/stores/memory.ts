import type { Clock } from '../../../shared/clock.ts'
import type { JournalEntry, JournalLimits, Lease, SessionBackend, SessionRecord, StoredSession } from './backend.ts'
import { ChangeListeners, type SessionChange } from './changes.ts'

const SWEEP_EVERY_MS = 60_000

/** Sessions in the memory of one process; they end with it. For a single worker, tests and the demo. */
export class MemoryBackend implements SessionBackend {
  readonly shared: boolean = false
  readonly #clock: Clock
  readonly #records = new Map<string, StoredSession>()
  readonly #claims = new Map<string, number>()
  readonly #leases = new Map<string, { token: number; expiresAt: number }>()
  /** Each journal by the IDs of its entries, oldest first. */
  readonly #journals = new Map<string, Map<string, JournalEntry>>()
  readonly #listeners = new ChangeListeners()
  #lastToken = 0
  #sweepAt: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sweepAt = clock() + SWEEP_EVERY_MS
  }

  async get(key: string): Promise<StoredSession | undefined> {
    return this.#unexpired(key)
  }

  async create(record: SessionRecord): Promise<void> {
    this.#sweep()
    if (this.#records.has(record.key)) throw new Error('session key already taken')
    this.#records.set(record.key, { ...record, revision: 1 })
  }

  async replace(record: SessionRecord, revision: number): Promise<number | undefined> {
    const stored = this.#unexpired(record.key) // no await before the write: another writer could come between
    if (stored?.revision !== revision) return undefined
    this.#records.set(record.key, { ...record, revision: revision + 1 })
    this.#listeners.notify({ key: record.key, ended: false })
    return revision + 1
  }

  async touch(key: string, expiresAt: number): Promise<void> {
    const stored = this.#unexpired(key)
    if (stored !== undefined) this.#records.set(key, { ...stored, expiresAt })
  }

  async end(key: string): Promise<boolean> {
    const existed = this.#unexpired(key) !== undefined
    this.#records.delete(key)
    this.#listeners.notify({ key, ended: true })
    return existed
  }

  endBySubject(subjectKey: string): Promise<string[]> {
    return this.#endWhere((record) => record.subjectKey === subjectKey)
  }

  endBySid(sidKey: string, subjectKey?: string): Promise<string[]> {
    return this.#endWhere(
      (record) => record.sidKey === sidKey && (subjectKey === undefined || record.subjectKey === subjectKey),
    )
  }

  async list({ offset, limit }: { offset: number; limit: number }) {
    const records = this.#allUnexpired().reverse()
    return { total: records.length, records: records.slice(offset, offset + limit) }
  }

  async claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    this.#sweep()
    const now = this.#clock()
    if ((this.#claims.get(name) ?? 0) > now) return false
    this.#claims.set(name, now + ttlSeconds * 1000)
    return true
  }

  async acquireLease(name: string, ttlSeconds: number): Promise<Lease | undefined> {
    const now = this.#clock()
    if ((this.#leases.get(name)?.expiresAt ?? 0) > now) return undefined
    const token = ++this.#lastToken
    this.#leases.set(name, { token, expiresAt: now + ttlSeconds * 1000 })
    return {
      token,
      renew: async (seconds) => this.#renew(name, token, seconds),
      release: async () => {
        if (this.#leases.get(name)?.token === token) this.#leases.delete(name)
      },
    }
  }

  async appendJournal(name: string, entries: readonly JournalEntry[], { keep, keepMs }: JournalLimits): Promise<void> {
    const journal = this.#journals.get(name) ?? new Map<string, JournalEntry>()
    this.#journals.set(name, journal)
    for (const entry of entries) if (!journal.has(entry.id)) journal.set(entry.id, entry)
    const oldest = this.#clock() - keepMs
    for (const { id, at } of journal.values()) {
      if (journal.size <= keep && at > oldest) break
      journal.delete(id)
    }
  }

  async readJournal(name: string, { offset, limit }: { offset: number; limit: number }): Promise<JournalEntry[]> {
    const entries = [...(this.#journals.get(name)?.values() ?? [])].reverse()
    return entries.slice(offset, offset + limit)
  }

  async findInJournal(name: string, id: string): Promise<JournalEntry | undefined> {
    return this.#journals.get(name)?.get(id)
  }

  onChange(listener: (change: SessionChange) => void): () => void {
    return this.#listeners.add(listener)
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    this.#listeners.clear()
  }

  #renew(name: string, token: number, ttlSeconds: number): boolean {
    const lease = this.#leases.get(name)
    if (lease?.token !== token || lease.expiresAt <= this.#clock()) return false
    lease.expiresAt = this.#clock() + ttlSeconds * 1000
    return true
  }

  #unexpired(key: string): StoredSession | undefined {
    const record = this.#records.get(key)
    return record !== undefined && record.expiresAt > this.#clock() ? record : undefined
  }

  #allUnexpired(): StoredSession[] {
    const now = this.#clock()
    return [...this.#records.values()].filter((record) => record.expiresAt > now)
  }

  async #endWhere(matches: (record: StoredSession) => boolean): Promise<string[]> {
    const keys = this.#allUnexpired()
      .filter(matches)
      .map(({ key }) => key)
    for (const key of keys) await this.end(key)
    return keys
  }

  /** Removes what has expired. Only `create` and `claimOnce` add entries that stay, so these two call it; no timer is needed. */
  #sweep(): void {
    const now = this.#clock()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + SWEEP_EVERY_MS
    for (const [key, record] of this.#records) if (record.expiresAt <= now) this.#records.delete(key)
    for (const [name, expiresAt] of this.#claims) if (expiresAt <= now) this.#claims.delete(name)
    for (const [name, lease] of this.#leases) if (lease.expiresAt <= now) this.#leases.delete(name)
  }
}
