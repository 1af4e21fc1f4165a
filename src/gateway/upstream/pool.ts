import type { Clock } from '../../shared/clock.ts'
import { Refusal } from '../errors.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { Call, type Exchange } from './exchange.ts'

/** Times in milliseconds. */
export interface UpstreamOptions {
  /** Scheme, host and port; nothing of a request ever changes it. */
  readonly origin: URL
  readonly maxConnections: number
  readonly connectMs: number
  /** Longest silence of a client within a request body. */
  readonly bodyIdleMs: number
  /** Longest time in which a client takes nothing of an answer. */
  readonly responseIdleMs: number
  /** How long an idle connection is kept. */
  readonly idleMs: number
  readonly maxHeadBytes: number
  readonly clock: Clock
}

/** Methods that may be sent again when a kept connection turns out to be closed (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
const SWEEP_MS = 1000

/** The connections to one upstream: keeps idle ones, bounds their number, cuts the overdue. */
export class Upstream {
  readonly #options: UpstreamOptions
  readonly #owner: ConnectionOwner
  readonly #all = new Set<Connection>()
  /** The one used last is taken first, so that those not needed grow old and go. */
  readonly #idle: Connection[] = []
  #waiting: { call: Call; until: number }[] = []
  readonly #sweepMs: number
  #sweeper: NodeJS.Timeout | undefined
  /** No connection is kept for later any more. */
  #retired = false

  constructor(options: UpstreamOptions) {
    this.#options = options
    this.#owner = {
      idle: (connection) => this.#serveNext(connection),
      closed: (connection, unanswered, fault) => this.#closed(connection, unanswered, fault),
    }
    const shortest = Math.min(options.connectMs, options.bodyIdleMs, options.responseIdleMs, options.idleMs)
    this.#sweepMs = Math.min(SWEEP_MS, Math.max(10, shortest / 4))
    this.#watch()
  }

  /** Sends a request; its sink hears what becomes of it. */
  send(exchange: Exchange): Call {
    const call = new Call(exchange)
    const now = this.#options.clock()
    if (this.#sweeper === undefined) this.#watch()
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (kept.isFresh(now)) {
        kept.start(call)
        return call
      }
      kept.abort()
    }
    if (this.#all.size < this.#options.maxConnections) this.#connect(call)
    else this.#waiting.push({ call, until: now + this.#options.connectMs })
    return call
  }

  /** What is under way: waiting for a connection, or carried by one. */
  *calls(): Iterable<Call> {
    for (const { call } of this.#waiting) if (!call.aborted) yield call
    for (const { call } of this.#all) if (call) yield call
  }

  /** Whether it was retired and nothing is under way any more. */
  get isOver(): boolean {
    return this.#retired && this.#all.size === 0 && this.#waiting.length === 0
  }

  /** Cuts every connection. */
  close(): void {
    clearInterval(this.#sweeper)
    for (const connection of this.#all) connection.abort()
  }

  /** Another pool takes the new requests: exchanges and joined sockets go on to their end, and take their connection along. */
  retire(): void {
    this.#retired = true
    for (const connection of this.#idle) connection.abort()
  }

  #watch(): void {
    this.#sweeper = setInterval(() => this.#sweep(), this.#sweepMs).unref()
  }

  #connect(call: Call): void {
    const connection = new Connection(this.#owner, this.#options)
    this.#all.add(connection)
    connection.start(call)
  }

  #nextWaiting(): Call | undefined {
    let next = this.#waiting.shift()
    while (next?.call.aborted) next = this.#waiting.shift()
    return next?.call
  }

  #serveNext(connection: Connection): void {
    const call = this.#nextWaiting()
    if (call) connection.start(call)
    else if (this.#retired) connection.abort()
    else this.#idle.push(connection)
  }

  #closed(connection: Connection, unanswered: Call | undefined, fault: Refusal): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (unanswered) this.#sendAgain(unanswered, fault)
    else {
      const call = this.#nextWaiting()
      if (call) this.#connect(call)
    }
  }

  /** The upstream had closed a kept connection. What may be repeated goes out once more, on a new connection. */
  #sendAgain(call: Call, fault: Refusal): void {
    const { method, repeatable, sink } = call.exchange
    if (IDEMPOTENT.has(method) && repeatable && !call.retried) {
      call.retried = true
      this.#connect(call)
    } else sink.fault(fault)
  }

  #sweep(): void {
    const now = this.#options.clock()
    for (const connection of this.#all) if (connection.deadline <= now) connection.expire()
    for (const connection of this.#idle) if (!connection.isFresh(now)) connection.abort()
    const [overdue, waiting] = [
      this.#waiting.filter(({ until }) => until <= now),
      this.#waiting.filter(({ until }) => until > now),
    ]
    if (this.#retired && this.#all.size === 0 && waiting.length === 0) {
      clearInterval(this.#sweeper)
      this.#sweeper = undefined
    }
    if (overdue.length === 0) return
    this.#waiting = waiting
    for (const { call } of overdue) {
      if (!call.aborted)
        call.exchange.sink.fault(new Refusal('upstream-timeout', 'no connection to the upstream became free'))
    }
  }
}
