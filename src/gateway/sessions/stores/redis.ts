import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { Lease, SessionBackend, SessionRecord, StoredSession } from './backend.ts'
import type { SessionChange } from './changes.ts'
import { RedisChannel } from './redis-channel.ts'
import { RedisConnection, type RedisSettings } from './redis-connection.ts'

type Fields = readonly (string | null)[]

/** Clocks that are this close to each other count as one, milliseconds: an answer takes a moment to arrive. */
const SAME_CLOCK_MS = 2000
/** Life of the key that a ping writes. */
const PING_MS = 1000

/**
 * Sessions in Redis, for any number of processes on any number of machines. Records expire by Redis's own clock, after
 * the time that was left by the writer's clock, and a reader is told the same in the time of its own clock.
 */
export class RedisBackend implements SessionBackend {
  readonly shared = true
  readonly #clock: Clock
  readonly #prefix: string
  readonly #connection: RedisConnection
  readonly #channel: RedisChannel

  /** Connects in the background: a gateway starts, and says that it is not ready, while Redis is down. */
  constructor(settings: RedisSettings, clock: Clock) {
    this.#clock = clock
    this.#prefix = settings.address.prefix
    this.#connection = new RedisConnection(settings)
    this.#channel = new RedisChannel(settings)
  }

  async get(key: string): Promise<StoredSession | undefined> {
    const name = this.#record(key)
    const [fields, left] = await this.#connection.ask((redis) =>
      Promise.all([redis.hmget(name, 'subject', 'sid', 'sealed', 'expires', 'revision'), redis.pttl(name)]),
    )
    return this.#stored(key, fields, left)
  }

  async create(record: SessionRecord): Promise<void> {
    const created = await this.#connection.ask((redis) =>
      redis.sessionCreate(this.#record(record.key), ...this.#written(record)),
    )
    if (created === 0) throw new Error('session key already taken')
  }

  async replace(record: SessionRecord, revision: number): Promise<number | undefined> {
    const { key } = record
    const id = randomUUID()
    const next = await this.#connection.ask((redis) =>
      redis.sessionReplace(this.#record(key), ...this.#written(record), revision, id),
    )
    if (next === 0) return undefined
    this.#channel.announce(id, [{ key, ended: false }])
    return next
  }

  async touch(key: string, expiresAt: number): Promise<void> {
    await this.#connection.ask((redis) =>
      redis.sessionTouch(this.#record(key), this.#prefix, key, expiresAt, this.#left(expiresAt)),
    )
  }

  async end(key: string): Promise<boolean> {
    const id = randomUUID()
    const ended = await this.#connection.ask((redis) => redis.sessionEnd(this.#record(key), this.#prefix, key, id))
    this.#channel.announce(id, [{ key, ended: true }])
    return ended === 1
  }

  endBySubject(subjectKey: string): Promise<string[]> {
    return this.#endIndexed(`${this.#prefix}u:${subjectKey}`)
  }

  endBySid(sidKey: string, subjectKey = ''): Promise<string[]> {
    return this.#endIndexed(`${this.#prefix}i:${sidKey}`, subjectKey)
  }

  async list({ offset, limit }: { offset: number; limit: number }) {
    const [total, ...rows] = await this.#connection.ask((redis) =>
      redis.sessionList(`${this.#prefix}order`, this.#prefix, offset, limit),
    )
    return { total, records: rows.flatMap(([key, left, ...fields]) => this.#stored(key, fields, left) ?? []) }
  }

  async claimOnce(name: string, ttlSeconds: number): Promise<boolean> {
    const key = `${this.#prefix}claim:${name}`
    return (await this.#connection.ask((redis) => redis.set(key, '1', 'PX', ttlSeconds * 1000, 'NX'))) === 'OK'
  }

  async acquireLease(name: string, ttlSeconds: number): Promise<Lease | undefined> {
    const key = `${this.#prefix}lease:${name}`
    const token = await this.#connection.ask((redis) => redis.leaseAcquire(key, this.#prefix, ttlSeconds * 1000))
    if (token === 0) return undefined
    return {
      token,
      renew: async (seconds) =>
        (await this.#connection.ask((redis) => redis.leaseRenew(key, this.#prefix, token, seconds * 1000))) === 1,
      release: async () => {
        await this.#connection.ask((redis) => redis.leaseRelease(key, this.#prefix, token))
      },
    }
  }

  onChange(listener: (change: SessionChange) => void): () => void {
    return this.#channel.add(listener)
  }

  /** By a small write, where the sessions are: a Redis that can be read and no longer written takes no login. */
  async ping(): Promise<void> {
    await this.#connection.ask((redis) => redis.set(`${this.#prefix}ping`, '1', 'PX', PING_MS))
  }

  /** Whether word of other processes' changes arrives at this moment. */
  get hearing(): boolean {
    return this.#channel.hearing
  }

  /** A Redis that drops keys when its memory is full drops sessions, and nobody can tell them from ended ones. */
  async settingsFault(): Promise<{ expected: string; got: string } | undefined> {
    const info = await this.#connection.ask((redis) => redis.info('memory'))
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
    return policy === 'noeviction' ? undefined : { expected: 'a Redis with maxmemory-policy noeviction', got: policy }
  }

  async close(): Promise<void> {
    this.#channel.close()
    this.#connection.close()
  }

  async #endIndexed(index: string, subjectKey = ''): Promise<string[]> {
    const id = randomUUID()
    const keys = await this.#connection.ask((redis) => redis.sessionEndIndexed(index, this.#prefix, id, subjectKey))
    if (keys.length > 0)
      this.#channel.announce(
        id,
        keys.map((key) => ({ key, ended: true })),
      )
    return keys
  }

  /** @param left milliseconds that Redis gives the record; negative: gone meanwhile */
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
      // what a replica wrote whose clock is ahead or behind would end the session that much late or early here
      expiresAt: Math.abs(here - written) < SAME_CLOCK_MS ? written : here,
      revision: Number(revision),
    }
  }

  #record(key: string): string {
    return `${this.#prefix}s:${key}`
  }

  #written({ key, subjectKey, sidKey = '', sealed, expiresAt }: SessionRecord): (string | number)[] {
    return [this.#prefix, key, subjectKey, sidKey, sealed, expiresAt, this.#left(expiresAt)]
  }

  /** At least a millisecond: Redis takes less for an order to delete. */
  #left(expiresAt: number): number {
    return Math.max(1, Math.ceil(expiresAt - this.#clock()))
  }
}
