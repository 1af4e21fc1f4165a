import { boundedCache } from '../../../shared/bounded-cache.ts'
import { ChangeListeners, type SessionChange } from './changes.ts'
import { connectRedis, type RedisClient, type RedisSettings } from './redis-connection.ts'

/** How often the connection is probed; a dead one does not respond, and its socket times out. */
const PROBE_EVERY_MS = 1000
const REMEMBERED = 10_000

/**
 * Notifications of changes from every process to every process. Listeners of this process are notified of its own write
 * when its script has returned or when its message arrives, whichever is first: a write whose response was lost included.
 */
export class RedisChannel {
  readonly #client: RedisClient
  readonly #close: () => void
  readonly #listeners = new ChangeListeners()
  /** Writes of this process whose listeners were notified, and which will arrive once more. */
  readonly #notified = boundedCache<true>(REMEMBERED)
  readonly #probe: NodeJS.Timeout
  #subscribed = false

  constructor(settings: RedisSettings) {
    const { client, close } = connectRedis(settings)
    this.#client = client
    this.#close = close
    this.#client.on('error', () => undefined) // calls that fail report it; the client reconnects by itself
    this.#client.on('message', (_channel: string, message: string) => this.#receive(message))
    this.#client.on('close', () => {
      this.#subscribed = false
    })
    const channel = `${settings.address.prefix}changes`
    this.#client.on('ready', () => this.#subscribe(channel))
    this.#probe = setInterval(() => {
      if (this.#client.status !== 'ready') return
      if (this.#subscribed) this.#client.ping().catch(() => undefined)
      else this.#subscribe(channel) // it was refused, for example by an access list, which ends no connection
    }, PROBE_EVERY_MS).unref()
  }

  add(listener: (change: SessionChange) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** Whether changes of other processes arrive. Without them, cached sessions are used for `session.cacheSeconds` only. */
  get subscribed(): boolean {
    return this.#subscribed
  }

  /** Notifies the listeners of a write, once: when it returns and when its message arrives, in whatever order. */
  notify(id: string, changes: readonly SessionChange[]): void {
    if (this.#notified.delete(id)) return
    this.#notified.set(id, true)
    for (const change of changes) this.#listeners.notify(change)
  }

  close(): void {
    clearInterval(this.#probe)
    this.#listeners.clear()
    this.#close()
  }

  #subscribe(channel: string): void {
    const succeeded = () => {
      this.#subscribed = true
    }
    this.#client.subscribe(channel).then(succeeded, () => undefined) // lost or refused: it is tried again
  }

  #receive(message: string): void {
    const [id = '', what, ...keys] = message.split(' ')
    this.notify(
      id,
      keys.map((key) => ({ key, ended: what === 'ended' })),
    )
  }
}
