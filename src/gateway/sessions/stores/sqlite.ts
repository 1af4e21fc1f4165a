import { randomUUID } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/message-of.ts'
import {
  type JournalEntry,
  type JournalLimits,
  type Lease,
  type SessionBackend,
  type SessionRecord,
  StoreDown,
  type StoredSession,
} from './backend.ts'
import { ChangeListeners, type SessionChange } from './changes.ts'
import { prepareSchema } from './sqlite-schema.ts'

/** How often a process reads the changes of others, in milliseconds. */
const POLL_EVERY_MS = 250
const SWEEP_EVERY_MS = 60_000
/** How long changes are kept, in milliseconds. A process that was paused for longer is bounded by `session.cacheSeconds`. */
const KEEP_CHANGES_MS = 60_000
const BUSY_MS = 2000
/** The claim that a ping writes. Other names are hashes. It expires at once, and the next sweep deletes it. */
const PING = 'ping'

type Row = Record<string, unknown>

function storedSession(row: Row): StoredSession {
  return {
    key: String(row.key),
    subjectKey: String(row.subject_key),
    sidKey: typeof row.sid_key === 'string' ? row.sid_key : undefined,
    sealed: String(row.sealed),
    expiresAt: Number(row.expires_at),
    revision: Number(row.revision),
  }
}

const journalEntry = ({ id, at, sealed }: Row): JournalEntry => ({
  id: String(id),
  at: Number(at),
  sealed: String(sealed),
})

/**
 * Sessions in one file, shared by the processes of one machine. They survive restarts. Calls are synchronous inside: each
 * is one indexed statement or a short transaction.
 */
export class SqliteBackend implements SessionBackend {
  readonly shared = true
  readonly #db: DatabaseSync
  readonly #clock: Clock
  readonly #origin = randomUUID()
  readonly #listeners = new ChangeListeners()
  readonly #statements = new Map<string, StatementSync>()
  readonly #poll: NodeJS.Timeout
  #seenChange: number
  #sweepAt = 0

  /**
   * @param path A file; created with mode 0600 when absent.
   * @param busyMs Longest wait for a write of another process, in milliseconds; this process is blocked meanwhile.
   * @throws StoreDown when the file cannot be opened or is no session store
   */
  constructor(path: string, clock: Clock, busyMs = BUSY_MS) {
    this.#clock = clock
    try {
      closeSync(openSync(path, 'a', 0o600))
      this.#db = new DatabaseSync(path, { timeout: busyMs })
      prepareSchema(this.#db, busyMs)
      this.#seenChange = Number(this.#row('SELECT coalesce(max(id), 0) AS id FROM changes')?.id)
    } catch (error) {
      throw new StoreDown(`sqlite: ${messageOf(error)}`, { cause: error })
    }
    this.#poll = setInterval(() => this.#readChanges(), POLL_EVERY_MS).unref()
  }

  async get(key: string): Promise<StoredSession | undefined> {
    const row = this.#read(() =>
      this.#row('SELECT * FROM sessions WHERE key = ? AND expires_at > ?', key, this.#clock()),
    )
    return row && storedSession(row)
  }

  async create({ key, subjectKey, sidKey, sealed, expiresAt }: SessionRecord): Promise<void> {
    this.#write(() => {
      this.#sweep()
      const insert =
        'INSERT INTO sessions (key, subject_key, sid_key, sealed, expires_at, revision) VALUES (?, ?, ?, ?, ?, 1)'
      this.#row(insert, key, subjectKey, sidKey ?? null, sealed, expiresAt)
    })
  }

  async replace(record: SessionRecord, revision: number): Promise<number | undefined> {
    const { key, subjectKey, sidKey, sealed, expiresAt } = record
    const update = `UPDATE sessions SET subject_key = ?, sid_key = ?, sealed = ?, expires_at = ?, revision = revision + 1
      WHERE key = ? AND revision = ? AND expires_at > ? RETURNING revision`
    const row = this.#changing((changed) => {
      const now = this.#clock()
      const updated = this.#row(update, subjectKey, sidKey ?? null, sealed, expiresAt, key, revision, now)
      if (updated !== undefined) changed({ key, ended: false })
      return updated
    })
    return row && Number(row.revision)
  }

  async touch(key: string, expiresAt: number): Promise<void> {
    const update = 'UPDATE sessions SET expires_at = ? WHERE key = ? AND expires_at > ?'
    this.#write(() => this.#row(update, expiresAt, key, this.#clock()))
  }

  async end(key: string): Promise<boolean> {
    const row = this.#changing((changed) => {
      const ended = this.#row('DELETE FROM sessions WHERE key = ? RETURNING expires_at', key)
      changed({ key, ended: true })
      return ended
    })
    return row !== undefined && Number(row.expires_at) > this.#clock()
  }

  async endBySubject(subjectKey: string): Promise<string[]> {
    return this.#endWhere('subject_key = ?', subjectKey)
  }

  async endBySid(sidKey: string, subjectKey?: string): Promise<string[]> {
    if (subjectKey === undefined) return this.#endWhere('sid_key = ?', sidKey)
    return this.#endWhere('sid_key = ? AND subject_key = ?', sidKey, subjectKey)
  }

  async list({ offset, limit }: { offset: number; limit: number }) {
    return this.#read(() => {
      const now = this.#clock()
      const total = Number(this.#row('SELECT count(*) AS n FROM sessions WHERE expires_at > ?', now)?.n)
      const page = 'SELECT * FROM sessions WHERE expires_at > ? ORDER BY id DESC LIMIT ? OFFSET ?'
      return { total, records: this.#rows(page, now, limit, offset).map(storedSession) }
    })
  }

  async claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    const claim = `INSERT INTO claims (name, expires_at) VALUES (?, ?) ON CONFLICT (name)
      DO UPDATE SET expires_at = excluded.expires_at WHERE claims.expires_at <= ? RETURNING name`
    return this.#write(() => {
      this.#sweep()
      const now = this.#clock()
      return this.#row(claim, name, now + ttlSeconds * 1000, now) !== undefined
    })
  }

  async acquireLease(name: string, ttlSeconds: number): Promise<Lease | undefined> {
    const row = this.#write(() => {
      const now = this.#clock()
      this.#row('DELETE FROM leases WHERE name = ? AND expires_at <= ?', name, now)
      const insert = 'INSERT INTO leases (name, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING token'
      return this.#row(insert, name, now + ttlSeconds * 1000)
    })
    return row && this.#lease(Number(row.token))
  }

  async appendJournal(name: string, entries: readonly JournalEntry[], { keep, keepMs }: JournalLimits): Promise<void> {
    const insert = 'INSERT INTO journal (name, id, at, sealed) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    const newest = 'SELECT number FROM journal WHERE name = ? ORDER BY number DESC LIMIT 1 OFFSET ?'
    this.#write(() => {
      for (const { id, at, sealed } of entries) this.#row(insert, name, id, at, sealed)
      this.#row('DELETE FROM journal WHERE name = ? AND at <= ?', name, this.#clock() - keepMs)
      this.#row(`DELETE FROM journal WHERE name = ? AND number <= (${newest})`, name, name, keep)
    })
  }

  async readJournal(name: string, { offset, limit }: { offset: number; limit: number }): Promise<JournalEntry[]> {
    const page = 'SELECT id, at, sealed FROM journal WHERE name = ? ORDER BY number DESC LIMIT ? OFFSET ?'
    return this.#read(() => this.#rows(page, name, limit, offset).map(journalEntry))
  }

  async findInJournal(name: string, id: string): Promise<JournalEntry | undefined> {
    const row = this.#read(() => this.#row('SELECT id, at, sealed FROM journal WHERE name = ? AND id = ?', name, id))
    return row && journalEntry(row)
  }

  onChange(listener: (change: SessionChange) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** By a small write: a file that can only be read accepts no sign-in. */
  async ping(): Promise<void> {
    const now = this.#clock()
    this.#write(() => this.#row('INSERT OR REPLACE INTO claims (name, expires_at) VALUES (?, ?)', PING, now))
  }

  async close(): Promise<void> {
    clearInterval(this.#poll)
    this.#listeners.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #lease(token: number): Lease {
    const renew = 'UPDATE leases SET expires_at = ? WHERE token = ? AND expires_at > ? RETURNING token'
    return {
      token,
      renew: async (ttlSeconds) => {
        const now = this.#clock()
        return this.#write(() => this.#row(renew, now + ttlSeconds * 1000, token, now)) !== undefined
      },
      release: async () => void this.#write(() => this.#row('DELETE FROM leases WHERE token = ?', token)),
    }
  }

  #endWhere(condition: string, ...indexKeys: string[]): string[] {
    const remove = `DELETE FROM sessions WHERE ${condition} AND expires_at > ? RETURNING key`
    return this.#changing((changed) => {
      const keys = this.#rows(remove, ...indexKeys, this.#clock()).map(({ key }) => String(key))
      for (const key of keys) changed({ key, ended: true })
      return keys
    })
  }

  /** A write whose changes are stored in the same transaction, for other processes, and notified here after the commit. */
  #changing<T>(work: (changed: (change: SessionChange) => void) => T): T {
    const changes: SessionChange[] = []
    const result = this.#write(() => {
      const done = work((change) => changes.push(change))
      const insert = 'INSERT INTO changes (key, ended, origin, at) VALUES (?, ?, ?, ?)'
      for (const { key, ended } of changes) this.#row(insert, key, ended ? 1 : 0, this.#origin, this.#clock())
      return done
    })
    for (const change of changes) this.#listeners.notify(change)
    return result
  }

  #readChanges(): void {
    try {
      for (const row of this.#rows('SELECT * FROM changes WHERE id > ? ORDER BY id', this.#seenChange)) {
        this.#seenChange = Number(row.id)
        if (row.origin === this.#origin) continue
        this.#listeners.notify({ key: String(row.key), ended: row.ended === 1 })
      }
    } catch {
      // requests report a store that is down; the next poll reads what this one missed
    }
  }

  /** Deletes what has expired, once a minute, within a transaction that writes anyway. */
  #sweep(): void {
    const now = this.#clock()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + SWEEP_EVERY_MS
    for (const table of ['sessions', 'claims', 'leases']) this.#row(`DELETE FROM ${table} WHERE expires_at <= ?`, now)
    this.#row('DELETE FROM changes WHERE at <= ?', now - KEEP_CHANGES_MS)
  }

  #write<T>(work: () => T): T {
    return this.#read(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#db.exec('COMMIT')
        return result
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw error
      }
    })
  }

  /** Every failure of the file is StoreDown: locked, full, unreadable, closed. */
  #read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw new StoreDown(`sqlite: ${messageOf(error)}`, { cause: error })
    }
  }

  #row(sql: string, ...values: (string | number | null)[]): Row | undefined {
    return this.#prepared(sql).get(...values)
  }

  #rows(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.#prepared(sql).all(...values)
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
