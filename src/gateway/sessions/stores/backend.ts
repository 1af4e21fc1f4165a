/** A session as the stores keep it. */
export interface SessionRecord {
  /** Keyed hash of the cookie's id; a reader of the store cannot build a cookie from it. */
  readonly key: string
  /** Keyed hash of issuer + subject: ends all sessions of a subject. */
  readonly subjectKey: string
  /** Keyed hash of issuer + `sid`: ends the sessions that began in one session at the issuer (OIDC Back-Channel Logout §2.4). */
  readonly sidKey: string | undefined
  /** The sealed session; opaque to the store. */
  readonly sealed: string
  /** When the record expires, in milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface StoredSession extends SessionRecord {
  /** Grows with each write. A write that names an older revision is refused. */
  readonly revision: number
}

/**
 * What a session store must do: keep sealed records under hashed keys. Sealing, hashing, limits and caching exist once,
 * above every backend. All backends pass `test/contract/backend.ts`.
 *
 * A backend that cannot be reached rejects with {@link StoreDown}; it never reports a session as absent instead.
 */
export interface SessionBackend {
  /** True when other processes may change the records that this one has cached. */
  readonly shared: boolean

  get(key: string): Promise<StoredSession | undefined>
  /** Stores a new record; revision becomes 1. */
  create(record: SessionRecord): Promise<void>
  /** Replaces a record that still has `revision`. @returns the new revision; undefined: it was ended or changed meanwhile */
  replace(record: SessionRecord, revision: number): Promise<number | undefined>
  /** Moves the expiry of an unexpired record, and leaves its revision as it is. */
  touch(key: string, expiresAt: number): Promise<void>

  /** Ends a session and notifies the listeners of all processes. @returns false when there was none */
  end(key: string): Promise<boolean>
  /** Ends every session of the subject and notifies the listeners of each. @returns the ended keys */
  endBySubject(subjectKey: string): Promise<string[]>
  /** Ends every session of the sid, or of the sid and the subject together. See {@link endBySubject}. */
  endBySid(sidKey: string, subjectKey?: string): Promise<string[]>
  /** A page of unexpired records, newest first, and the number of all. */
  list(page: { offset: number; limit: number }): Promise<{ total: number; records: StoredSession[] }>

  /** True once per name until `ttlSeconds` have passed, across all processes: for single-use `state` and `jti`. */
  claimOnce(name: string, ttlSeconds: number): Promise<boolean>

  /** Takes a named lease for `ttlSeconds`; undefined when another holder has it. Tokens only grow (fencing). */
  acquireLease(name: string, ttlSeconds: number): Promise<Lease | undefined>

  /** Adds entries to a named journal, which then keeps the newest that its limits allow. An ID that is there stays as it is. */
  appendJournal(name: string, entries: readonly JournalEntry[], limits: JournalLimits): Promise<void>
  /** A page of a journal, newest first. Entries older than its age limit may still be in it. */
  readJournal(name: string, page: { offset: number; limit: number }): Promise<JournalEntry[]>
  /** One entry of a journal. */
  findInJournal(name: string, id: string): Promise<JournalEntry | undefined>

  /** Calls back with the key of each session that ended or was replaced in any process. @returns the unsubscribe function */
  onChange(listener: (change: { key: string; ended: boolean }) => void): () => void

  /** Resolves when the store accepts a write. */
  ping(): Promise<void>
  /** A setting of the store itself that could lose sessions; undefined: none was found. */
  settingsFault?(): Promise<{ expected: string; got: string } | undefined>
  close(): Promise<void>
}

/** One entry of a journal: what an administrator may look up later. */
export interface JournalEntry {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Opaque to the store. */
  readonly sealed: string
}

export interface JournalLimits {
  readonly keep: number
  /** Greatest age of an entry, in milliseconds. */
  readonly keepMs: number
}

export interface Lease {
  readonly token: number
  /** False when the lease was lost. */
  renew(ttlSeconds: number): Promise<boolean>
  release(): Promise<void>
}

/** The store does not respond. No request is admitted and no session ends because of it. */
export class StoreDown extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'StoreDown'
  }
}
