import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { openRecord, sealRecord } from '../crypto/sealing.ts'
import { indexKey, type SessionKeyRing } from '../crypto/session-keys.ts'
import type { Session } from '../session.ts'
import type { SessionLimits } from '../session-limits.ts'
import type { SessionBackend, SessionRecord, StoredSession } from '../stores/backend.ts'
import { decodeSession, encodeSession } from './session-codec.ts'

/** A session as the store has it. */
export interface OpenedSession {
  readonly session: Session
  readonly revision: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

const MAX_CONFLICTS = 10

/** Sessions in, sealed records out. Every method rejects with StoreDown when the backend does. */
export class SessionRecords {
  readonly #backend: SessionBackend
  readonly #ring: SessionKeyRing
  readonly #limits: SessionLimits
  readonly #clock: Clock
  readonly #log: Logger

  constructor(deps: {
    backend: SessionBackend
    ring: SessionKeyRing
    limits: SessionLimits
    clock: Clock
    log: Logger
  }) {
    this.#backend = deps.backend
    this.#ring = deps.ring
    this.#limits = deps.limits
    this.#clock = deps.clock
    this.#log = deps.log
  }

  /** The unexpired session under a key. One that does not open (secret withdrawn, text altered) counts as none. */
  async read(key: string): Promise<OpenedSession | undefined> {
    const record = await this.#backend.get(key)
    return record && this.open(record)
  }

  open(record: StoredSession): OpenedSession | undefined {
    const text = openRecord(this.#ring, record.key, record.sealed)
    const sealed = text === undefined ? undefined : decodeSession(record.key, text)
    if (sealed === undefined) {
      this.#log.warn({ session: record.key.slice(0, 8) }, 'session record cannot be opened with the current secrets')
      return undefined
    }
    const expiresAt = Math.min(record.expiresAt, this.#limits.absoluteEnd(sealed))
    if (this.#clock() >= expiresAt) return undefined
    const lastSeenAt = Math.min(this.#clock(), this.#limits.lastSeen(sealed, record.expiresAt))
    const session = { ...sealed, lastSeenAt }
    return { session, revision: record.revision, expiresAt }
  }

  async create(session: Session): Promise<OpenedSession> {
    const record = this.#record(session)
    await this.#backend.create(record)
    return { session, revision: 1, expiresAt: record.expiresAt }
  }

  /**
   * Changes an unexpired session on top of whatever others changed meanwhile.
   * @param change Called with each state it meets; returns undefined to leave that state as it is.
   * @returns the resulting state; undefined: the session ended
   * @throws Error after too many concurrent changes
   */
  async update(key: string, change: (session: Session) => Session | undefined): Promise<OpenedSession | undefined> {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
      const opened = await this.read(key)
      const changed = opened && change(opened.session)
      if (opened === undefined || changed === undefined) return opened
      const session = { ...changed, lastSeenAt: this.#clock() }
      const record = this.#record(session)
      const revision = await this.#backend.replace(record, opened.revision)
      if (revision !== undefined) return { session, revision, expiresAt: record.expiresAt }
    }
    throw new Error(`session changed ${MAX_CONFLICTS} times while it was being written`)
  }

  #record(session: Session): SessionRecord {
    const [keys] = this.#ring
    const { issuer, subject } = session.principal
    return {
      key: session.key,
      subjectKey: indexKey(keys, 'subject', issuer, subject),
      sidKey: session.sid === undefined ? undefined : indexKey(keys, 'sid', issuer, session.sid),
      sealed: sealRecord(this.#ring, session.key, encodeSession(session)),
      expiresAt: this.#limits.expiry(session, this.#clock()),
    }
  }
}
