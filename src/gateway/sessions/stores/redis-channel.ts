import { boundedCache } from '../../../shared/bounded-cache.ts'
import { ChangeListeners, type SessionChange } from './changes.ts'
import { connectRedis, type RedisClient, type RedisSettings } from './redis-connection.ts'

/** How often the channel is asked for a sign of life; a dead one is noticed by the silence that follows. */
const PROBE_EVERY_MS = 1000
const REMEMBERED = 10_000

/**
 * Word of changes, from every process to every process. A write of this process is announced when its script has
 * answered or when its message comes back, whichever is first: also a write whose answer was lost is heard of.
 */
export class RedisChannel {
  readonly #client: RedisClient
  readonly #listeners = new ChangeListeners()
  /** Writes of this process that were announced once and are still to be heard of the other way. */
  readonly #said = boundedCache<true>(REMEMBERED)
  readonly #probe: NodeJS.Timeout
  #hearing = false

  constructor(settings: RedisSettings) {
    this.#client = connectRedis(settings)
    this.#client.on('error', () => undefined) // told by the calls that fail; this connection is made again by itself
    this.#client.on('message', (_channel: string, message: string) => this.#hear(message))
    this.#client.on('close', () => {
      this.#hearing = false
    })
    const channel = `${settings.address.prefix}changes`
    this.#client.on('ready', () => this.#subscribe(channel))
    this.#probe = setInterval(() => {
      if (this.#client.status !== 'ready') return
      if (this.#hearing) this.#client.ping().catch(() => undefined)
      else this.#subscribe(channel) // was refused, as by an access list: that ends no connection
    }, PROBE_EVERY_MS).unref()
  }

  add(listener: (change: SessionChange) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** Whether word from other processes arrives. Without it they are believed for `session.cacheSeconds` and no longer. */
  get hearing(): boolean {
    return this.#hearing
  }

  /** Announces a write of this process unless its message came back already. */
  announce(id: string, changes: readonly SessionChange[]): void {
    if (this.#said.delete(id)) return
    this.#said.set(id, true)
    for (const change of changes) this.#listeners.announce(change)
  }

  close(): void {
    clearInterval(this.#probe)
    this.#listeners.clear()
    this.#client.disconnect()
  }

  #subscribe(channel: string): void {
    const heard = () => {
      this.#hearing = true
    }
    this.#client.subscribe(channel).then(heard, () => undefined) // lost or refused: it is tried again
  }

  #hear(message: string): void {
    const [id = '', what, ...keys] = message.split(' ')
    this.announce(
      id,
      keys.map((key) => ({ key, ended: what === 'ended' })),
    )
  }
}
