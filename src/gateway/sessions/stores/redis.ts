import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { JournalEntry, JournalLimits, Lease, SessionBackend, SessionRecord, StoredSession } from './backend.ts'
import type { SessionChange } from './changes.ts'
import { RedisChannel } from './redis-channel.ts'
import { RedisConnection, type RedisSettings } from './redis-connection.ts'

type Fields = readonly (string | null)[]

/** Clocks that differ less than this count as equal, in milliseconds: a response takes a moment to arrive. */
const SAME_CLOCK_MS = 2000
/** Lifetime of the key that a ping writes, in milliseconds. */
const PING_MS = 1000

/** An entry of a journal as its text in Redis: its time, a space, what is sealed. */
function journalEntry(id: string, text: string): JournalEntry {
  const space = text.indexOf(' ')
  return { id, at: Number(text.slice(0, space)), sealed: text.slice(space + 1) }
}

/**
 * Sessions in Redis, for any number of processes on any number of machines. A record expires by the clock of Redis, after
 * the time that was left by the clock of its writer; a reader converts what is left to its own clock.
 */
export class RedisBackend implements SessionBackend {
  readonly shared = true
  readonly #clock: Clock
  readonly #prefix: string
  readonly #connection: RedisConnection
  readonly #channel: RedisChannel

  /** Connects in the background: a gateway starts while Redis is down, and reports that it is not ready. */
  constructor(settings: RedisSettings, clock: Clock) {
    this.#clock = clock
    this.#prefix = settings.address.prefix
    this.#connection = new RedisConnection(settings)
    this.#channel = new RedisChannel(settings)
  }

  async get(key: string): Promise<StoredSession | undefined> {
    const name = this.#record(key)
    const [fields, left] = await this.#connection.call((redis) =>
      Promise.all([redis.hmget(name, 'subject', 'sid', 'sealed', 'expires', 'revision'), redis.pttl(name)]),
    )
    return this.#stored(key, fields, left)
  }

  async create(record: SessionRecord): Promise<void> {
    const created = await this.#connection.call((redis) =>
      redis.sessionCreate(this.#record(record.key), ...this.#written(record)),
    )
    if (created === 0) throw new Error('session key already taken')
  }

  async replace(record: SessionRecord, revision: number): Promise<number | undefined> {
    const { key } = record
    const id = randomUUID()
    const next = await this.#connection.call((redis) =>
      redis.sessionReplace(this.#record(key), ...this.#written(record), revision, id),
    )
    if (next === 0) return undefined
    this.#channel.notify(id, [{ key, ended: false }])
    return next
  }

  async touch(key: string, expiresAt: number): Promise<void> {
    await this.#connection.call((redis) =>
      redis.sessionTouch(this.#record(key), this.#prefix, key, expiresAt, this.#left(expiresAt)),
    )
  }

  async end(key: string): Promise<boolean> {
    const id = randomUUID()
    const ended = await this.#connection.call((redis) => redis.sessionEnd(this.#record(key), this.#prefix, key, id))
    this.#channel.notify(id, [{ key, ended: true }])
    return ended === 1
  }

  endBySubject(subjectKey: string): Promise<string[]> {
    return this.#endIndexed(`${this.#prefix}u:${subjectKey}`)
  }

  endBySid(sidKey: string, subjectKey = ''): Promise<string[]> {
    return this.#endIndexed(`${this.#prefix}i:${sidKey}`, subjectKey)
  }

  async list({ offset, limit }: { offset: number; limit: number }) {
    const [total, ...rows] = await this.#connection.call((redis) =>
      redis.sessionList(`${this.#prefix}order`, this.#prefix, offset, limit),
    )
    return { total, records: rows.flatMap(([key, left, ...fields]) => this.#stored(key, fields, left) ?? []) }
  }

  async claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    const key = `${this.#prefix}claim:${name}`
    return (await this.#connection.call((redis) => redis.set(key, '1', 'PX', ttlSeconds * 1000, 'NX'))) === 'OK'
  }

  async acquireLease(name: string, ttlSeconds: number): Promise<Lease | undefined> {
    const key = `${this.#prefix}lease:${name}`
    const token = await this.#connection.call((redis) => redis.leaseAcquire(key, this.#prefix, ttlSeconds * 1000))
    if (token === 0) return undefined
    return {
      token,
      renew: async (seconds) =>
        (await this.#connection.call((redis) => redis.leaseRenew(key, this.#prefix, token, seconds * 1000))) === 1,
      release: async () => {
        await this.#connection.call((redis) => redis.leaseRelease(key, this.#prefix, token))
      },
    }
  }

  async appendJournal(name: string, entries: readonly JournalEntry[], { keep, keepMs }: JournalLimits): Promise<void> {
    const written = entries.flatMap(({ id, at, sealed }) => [id, this.#clock() - at, `${at} ${sealed}`])
    await this.#connection.call((redis) =>
      redis.journalAppend(this.#journal(name), this.#prefix, keep, keepMs, ...written),
    )
  }

  async readJournal(name: string, { offset, limit }: { offset: number; limit: number }): Promise<JournalEntry[]> {
    const page = await this.#connection.call((redis) =>
      redis.journalRead(this.#journal(name), this.#prefix, offset, limit),
    )
    return page.flatMap((id, index) => (index % 2 === 0 ? [journalEntry(id, page[index + 1] ?? '')] : []))
  }

  async findInJournal(name: string, id: string): Promise<JournalEntry | undefined> {
    const text = await this.#connection.call((redis) => redis.hget(`${this.#journal(name)}:entries`, id))
    return text === null ? undefined : journalEntry(id, text)
  }

  onChange(listener: (change: SessionChange) => void): () => void {
    return this.#channel.add(listener)
  }

  /** By a small write beside the sessions: a Redis that can only be read accepts no sign-in. */
  async ping(): Promise<void> {
    await this.#connection.call((redis) => redis.set(`${this.#prefix}ping`, '1', 'PX', PING_MS))
  }

  /** Whether changes of other processes arrive at this moment. */
  get subscribed(): boolean {
    return this.#channel.subscribed
  }

  /** A Redis that evicts keys when its memory is full loses sessions, which then look as if they had ended. */
  async settingsFault(): Promise<{ expected: string; got: string } | undefined> {
    const info = await this.#connection.call((redis) => redis.info('memory'))
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
    return policy === 'noeviction' ? undefined : { expected: 'a Redis with maxmemory-policy noeviction', got: policy }
  }

  async close(): Promise<void> {
    this.#channel.close()
    this.#connection.close()
  }

  async #endIndexed(index: string, subjectKey = ''): Promise<string[]> {
    const id = randomUUID()
    const keys = await this.#connection.call((redis) => redis.sessionEndIndexed(index, this.#prefix, id, subjectKey))
    if (keys.length > 0)
      this.#channel.notify(
        id,
        keys.map((key) => ({ key, ended: true })),
      )
    return keys
  }

  /** @param left Milliseconds until Redis deletes the record; negative: it has. */
  #stored(
    key: string,
    [subjectKey, sidKey, sealed, expires, revision]: Fields,
    left: number,
  ): StoredSession | undefined {
    if (!subjectKey || !sealed || left < 0) return undefined
    const [written, here] = [Number(expires), this.#clock() + left]
    return {
      ...{ key, subjectKey, sealed },
      sidKey: sidKey || undefined,
      // the expiry of a replica whose clock is wrong would end the session that much too early or too late here
      expiresAt: Math.abs(here - written) < SAME_CLOCK_MS ? written : here,
      revision: Number(revision),
    }
  }

  #journal(name: string): string {
    return `${this.#prefix}j:${name}`
  }

  #record(key: string): string {
    return `${this.#prefix}s:${key}`
  }

  #written({ key, subjectKey, sidKey = '', sealed, expiresAt }: SessionRecord): (string | number)[] {
    return [this.#prefix, key, subjectKey, sidKey, sealed, expiresAt, this.#left(expiresAt)]
  }

  /** At least a millisecond: with less, Redis deletes the record. */
  #left(expiresAt: number): number {
    return Math.max(1, Math.ceil(expiresAt - this.#clock()))
  }
}
