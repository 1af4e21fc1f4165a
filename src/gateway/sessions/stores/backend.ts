/**
 * What a session store must do, and no more: keep sealed records under hashed keys. Sealing, hashing, limits and
 * caching live once, in `sessions.ts`, above every backend. All backends pass `test/contract/backend.ts`.
 *
 * A backend that cannot be reached rejects with {@link StoreDown}; it never answers "no such session" instead.
 */
export interface SessionRecord {
  /** Keyed hash of the session id; a reader of the store cannot build a cookie from it. */
  readonly key: string
  /** Keyed hash of issuer + subject: ends all sessions of a person. */
  readonly subjectKey: string
  /** Keyed hash of issuer + `sid`: ends what one issuer session started (OIDC Back-Channel Logout §2.4). */
  readonly sidKey: string | undefined
  /** AEAD-sealed session; opaque here. */
  readonly sealed: string
  /** Milliseconds since the epoch after which the record is gone. */
  readonly expiresAt: number
}

export interface StoredSession extends SessionRecord {
  /** Grows with each write; a write that names an older revision is refused. */
  readonly revision: number
}

export interface SessionBackend {
  /** True when other processes may change what this one has cached. */
  readonly shared: boolean

  get(key: string): Promise<StoredSession | undefined>
  /** Stores a new record; revision becomes 1. */
  create(record: SessionRecord): Promise<void>
  /** Replaces a record that still has `revision`; resolves to the new revision, or undefined when it was ended or changed meanwhile. */
  replace(record: SessionRecord, revision: number): Promise<number | undefined>
  /** Moves the expiry of a living record; does not change its revision. */
  touch(key: string, expiresAt: number): Promise<void>

  /** Ends a session; resolves to false when there was none. Announces the key to all subscribers. */
  end(key: string): Promise<boolean>
  /** Ends every session under the subject's index key; resolves to the ended keys. Announces each. */
  endBySubject(subjectKey: string): Promise<string[]>
  /** Ends every session under the sid's index key, with a subject key those that have both. See {@link endBySubject}. */
  endBySid(sidKey: string, subjectKey?: string): Promise<string[]>
  /** A page of living records, newest first, for session administration. */
  list(page: { offset: number; limit: number }): Promise<{ total: number; records: StoredSession[] }>

  /** True exactly once per name until `ttlSeconds` have passed, over all processes: single-use state, `jti` replay. */
  claimOnce(name: string, ttlSeconds: number): Promise<boolean>

  /** Takes a named lease for `ttlSeconds`; undefined when another holder has it. The token only grows (fencing). */
  acquireLease(name: string, ttlSeconds: number): Promise<Lease | undefined>

  /** Calls back with the key of each session that ended or was replaced in any process. Returns the unsubscribe function. */
  onChange(listener: (change: { key: string; ended: boolean }) => void): () => void

  ping(): Promise<void>
  /** A setting of the store itself that endangers sessions, for `check --online`; undefined: none that can be seen. */
  settingsFault?(): Promise<{ expected: string; got: string } | undefined>
  close(): Promise<void>
}

export interface Lease {
  readonly token: number
  /** False when the lease was lost. */
  renew(ttlSeconds: number): Promise<boolean>
  release(): Promise<void>
}

/** The store cannot answer. Nobody is let in and nobody is logged out for it. */
export class StoreDown extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'StoreDown'
  }
}
