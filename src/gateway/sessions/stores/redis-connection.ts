import { Cluster, type DNSLookupFunction, Redis, type RedisOptions } from 'ioredis'
import { messageOf } from '../../../shared/message-of.ts'
import type { RedisAddress } from '../../config/redis-address.ts'
import { StoreDown } from './backend.ts'
import { SCRIPTS } from './redis-scripts.ts'

export type RedisClient = Redis | Cluster
/** Replies as arrays and strings, whichever protocol the server speaks. */
type CommonOptions = RedisOptions & { replyMapping: 'legacy' }

export interface RedisSettings {
  readonly address: RedisAddress
  /** PEM certificates that may sign the server's certificate; absent: the system's. */
  readonly ca: string | undefined
  /** Longest time of one call, including the wait for a connection, in milliseconds. */
  readonly timeoutMs: number
}

/** A socket that receives nothing for this long after a write is dead: a host without power closes no connection. Milliseconds. */
const SILENCE_MS = 5000
const CONNECT_MS = 3000
const LONGEST_PAUSE_MS = 1000

/** Pause before the next attempt: short at first, then a second, so that a recovery is noticed soon. Milliseconds. */
const pause = (attempts: number) => Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(attempts, 5))

/** A client of Redis, and the only way to end it. */
export interface ReconnectingClient {
  readonly client: RedisClient
  close(): void
}

/** Connects and reconnects by itself. It never gives up, and never resends a command that may have run. */
export function connectRedis(settings: RedisSettings): ReconnectingClient {
  const client = buildClient(settings)
  let timer: NodeJS.Timeout | undefined
  // ioredis ends a client for good when a sentinel announces a failover while another one is asked for the master.
  const reconnect = () => {
    timer = setTimeout(() => client.connect().catch(() => undefined), pause(0))
  }
  client.on('end', reconnect)
  return {
    client,
    close() {
      client.off('end', reconnect)
      clearTimeout(timer)
      client.disconnect()
    },
  }
}

function buildClient({ address, ca, timeoutMs }: RedisSettings): RedisClient {
  const tls = address.tls ? { ...(ca === undefined ? {} : { ca }) } : undefined
  const common: CommonOptions = {
    replyMapping: 'legacy',
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: CONNECT_MS,
    socketTimeout: Math.max(SILENCE_MS, 2 * timeoutMs),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // after a failover the previous master returns READONLY: reconnect to find the current one
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    connectionName: 'modelops-gateway',
  }
  if (address.kind === 'cluster') return new Cluster([...address.nodes], clusterOptions(common, timeoutMs))
  const place = address.kind === 'sentinel' ? sentinels(address, tls) : { ...address.nodes[0] }
  const single = { ...common, db: address.database, enableOfflineQueue: false, retryStrategy: pause, scripts: SCRIPTS }
  return new Redis({ ...place, ...single })
}

function sentinels(
  { nodes, master, sentinelUsername, sentinelPassword }: RedisAddress,
  tls: object | undefined,
): RedisOptions {
  return {
    sentinels: [...nodes],
    ...(master === undefined ? {} : { name: master }),
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    failoverDetector: true,
    sentinelRetryStrategy: pause,
    sentinelReconnectStrategy: pause,
    sentinelCommandTimeout: CONNECT_MS,
  }
}

const clusterOptions = (redisOptions: CommonOptions, timeoutMs: number) => ({
  redisOptions,
  scripts: SCRIPTS,
  enableOfflineQueue: false,
  clusterRetryStrategy: pause,
  slotsRefreshTimeout: timeoutMs,
  // certificates name hosts: keep the names
  dnsLookup: ((host, done) => done(null, host)) satisfies DNSLookupFunction,
})

/** Bounds the time of every call, and turns every failure into {@link StoreDown}. */
export class RedisConnection {
  readonly client: RedisClient
  readonly #close: () => void
  readonly #timeoutMs: number
  #ready: Promise<void> | undefined
  /** Why the last connection failed. Only the message: the error of a refused AUTH contains the password. */
  #fault = 'not connected'

  constructor(settings: RedisSettings) {
    const { client, close } = connectRedis(settings)
    this.client = client
    this.#close = close
    this.#timeoutMs = settings.timeoutMs
    this.client.on('error', (error: Error) => {
      this.#fault = error.message
    })
  }

  /** @throws StoreDown when there is no response within the timeout, or an error */
  async call<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    const end = performance.now() + this.#timeoutMs
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(this.#lateness())), this.#timeoutMs)
    })
    const called = this.#whenReady().then(() => {
      // the caller already knows that it failed: a sign-out or lease must not happen afterwards
      if (performance.now() >= end) throw new Error(this.#lateness())
      return work(this.client)
    })
    try {
      return await Promise.race([called, late])
    } catch (error) {
      // without its cause: the client's errors contain the command with all its arguments
      throw new StoreDown(`redis: ${messageOf(error)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#close()
  }

  #lateness(): string {
    const why = this.client.status === 'ready' ? 'no response' : this.#fault
    return `${why} (waited ${this.#timeoutMs} ms)`
  }

  /** All calls share one wait: a reconnection costs a moment, not a refusal. */
  #whenReady(): Promise<void> {
    if (this.client.status === 'ready') return Promise.resolve()
    this.#ready ??= new Promise<void>((resolve) => this.client.once('ready', () => resolve())).finally(() => {
      this.#ready = undefined
    })
    return this.#ready
  }
}
