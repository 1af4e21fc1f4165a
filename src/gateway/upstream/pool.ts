import { Connection, type ConnectionOwner } from './connection.ts'
import { UpstreamError } from './errors.ts'
import { Call, type Exchange } from './exchange.ts'
import { FairShare, type Tenant } from './fair-share.ts'
import type { UpstreamOptions } from './options.ts'

const SWEEP_MS = 1000

/** The connections to one upstream: keeps idle ones, limits and divides their number, closes those past their deadline. */
export class Upstream {
  readonly #options: UpstreamOptions
  readonly #owner: ConnectionOwner
  readonly #all = new Set<Connection>()
  /** The one used last is taken first, so that those not needed expire. */
  readonly #idle: Connection[] = []
  readonly #shares: FairShare
  readonly #sweepMs: number
  #sweeper: NodeJS.Timeout | undefined
  /** No connection is kept for later any more. */
  #retired = false

  constructor(options: UpstreamOptions) {
    this.#options = options
    this.#shares = new FairShare(options.maxConnections, options.tenantShare)
    this.#owner = {
      idle: (connection) => this.#keep(connection),
      closed: (connection, unanswered, error) => this.#closed(connection, unanswered, error),
    }
    const shortest = Math.min(options.connectMs, options.bodyPace.windowMs, options.responseIdleMs, options.idleMs)
    this.#sweepMs = Math.min(SWEEP_MS, Math.max(10, shortest / 4))
    this.#watch()
  }

  /** Sends a request; its sink receives the response, or why there is none. */
  send(exchange: Exchange): Call {
    const call = new Call(exchange, this.#options.events)
    const tenant = this.#shares.tenant(exchange.tenant)
    if (this.#sweeper === undefined) this.#watch()
    if (this.#shares.mayTake(tenant) && this.#hasRoom()) this.#start(call, tenant)
    else this.#shares.wait(tenant, call, this.#options.clock() + this.#options.connectMs)
    return call
  }

  /** What is under way: waiting for a connection, or carried by one. */
  *calls(): Iterable<Call> {
    yield* this.#shares.waiting()
    for (const { call } of this.#all) if (call) yield call
  }

  /** Scheme, host and port. */
  get origin(): string {
    return this.#options.origin.origin
  }

  /** Its connections, and the requests that wait for one, at this moment. */
  get use(): { readonly active: number; readonly idle: number; readonly waiting: number } {
    const idle = this.#idle.length
    return { active: this.#all.size - idle, idle, waiting: [...this.#shares.waiting()].length }
  }

  /** Whether it was retired and nothing is under way any more. */
  get isOver(): boolean {
    return this.#retired && this.#all.size === 0 && !this.#shares.isWaiting
  }

  /** Closes every connection at once. */
  close(): void {
    clearInterval(this.#sweeper)
    for (const connection of this.#all) connection.abort()
    for (const call of this.#shares.expire(Number.POSITIVE_INFINITY)) {
      call.fail(new UpstreamError('unreachable', 'the connections to the upstream are closed'))
    }
  }

  /** Another pool gets the new requests: exchanges and joined sockets continue to their end, then their connections close. */
  retire(): void {
    this.#retired = true
    for (const connection of this.#idle) connection.abort()
  }

  #watch(): void {
    this.#sweeper = setInterval(() => this.#sweep(), this.#sweepMs).unref()
  }

  /** Whether a connection is idle or may be opened. Closes those that have been idle for too long. */
  #hasRoom(): boolean {
    if (this.#idle.length > 0) {
      const now = this.#options.clock()
      for (let last = this.#idle.at(-1); last && !last.isFresh(now); last = this.#idle.at(-1)) {
        this.#idle.pop()
        last.abort()
      }
    }
    return this.#idle.length > 0 || this.#all.size < this.#options.maxConnections
  }

  #connect(): Connection {
    const connection = new Connection(this.#owner, this.#options)
    this.#all.add(connection)
    return connection
  }

  #start(call: Call, tenant: Tenant, connection = this.#idle.pop() ?? this.#connect()): void {
    this.#shares.take(tenant)
    connection.holder = tenant
    connection.start(call)
  }

  #keep(connection: Connection): void {
    this.#giveBack(connection)
    this.#idle.push(connection)
    this.#serveWaiting()
    if (this.#retired) for (const idle of this.#idle) idle.abort()
  }

  /** @returns The tenant that held it. */
  #giveBack(connection: Connection): Tenant | undefined {
    const { holder } = connection
    if (holder) this.#shares.giveBack(holder)
    connection.holder = undefined
    return holder
  }

  #serveWaiting(): void {
    while (this.#shares.isWaiting && this.#hasRoom()) {
      const turn = this.#shares.next()
      if (turn === undefined) return
      this.#start(turn.call, turn.tenant)
    }
  }

  #closed(connection: Connection, unanswered: Call | undefined, error: UpstreamError): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    const holder = this.#giveBack(connection)
    if (unanswered && holder) this.#sendAgain(unanswered, holder, error)
    this.#serveWaiting()
  }

  /** The upstream had closed a kept connection. What may be sent again goes out once more, on a new connection. */
  #sendAgain(call: Call, tenant: Tenant, error: UpstreamError): void {
    if (call.sent && (!call.repeatable || call.retried)) call.fail(error)
    else {
      call.retried = true
      this.#start(call, tenant, this.#connect())
    }
  }

  #sweep(): void {
    const now = this.#options.clock()
    for (const connection of this.#all) if (connection.deadline <= now) connection.expire()
    for (const connection of this.#idle) if (!connection.isFresh(now)) connection.abort()
    const expired = this.#shares.expire(now)
    if (this.isOver) {
      clearInterval(this.#sweeper)
      this.#sweeper = undefined
    }
    for (const call of expired) {
      call.fail(new UpstreamError('busy', 'no connection to the upstream became free in time'))
    }
  }
}
