import type { Readable, Writable } from 'node:stream'
import type { UpstreamError } from './errors.ts'
import type { UpstreamEvents } from './events.ts'
import type { ResponseHead } from './response-head.ts'

/** One request to an upstream, ready to be written, and the receiver of its response. */
export interface Exchange {
  /** Whose request it is: connections are shared fairly between tenants. Any text; the pool only compares it. */
  readonly tenant: string
  readonly method: string
  /** Request line, fields and the empty line after them; Latin-1. */
  readonly head: string
  /** A body to stream. The framing fields in `head` must match it. */
  readonly body:
    | {
        readonly source: Readable
        readonly chunked: boolean
        /** The sender may wait this long until it is asked to begin. Default: it begins at once. */
        readonly askedAfterMs?: number
        /** Called with the number of bytes of each piece that arrives. */
        readonly received?: (bytes: number) => void
      }
    | undefined
  /** Whether it may be sent again, if its method allows, when a kept connection turns out to be closed. */
  readonly repeatable: boolean
  /** True when the head asks for another protocol: only then may the upstream respond with 101. */
  readonly upgrade: boolean
  /** Timeout for the response head, ms; Infinity: none. */
  readonly responseMs: number
  readonly sink: ResponseSink
}

/**
 * Receives a response, in this order: information*, head or upgraded, piece*, end; or fail at any point, and nothing
 * after it. What it throws ends the exchange.
 */
export interface ResponseSink {
  /** An interim response, 100 or 103. */
  information(status: number): void
  head(head: ResponseHead): void
  /** The upstream switched protocols: the client's bytes go to `upstream`, the upstream's come as pieces. */
  upgraded(head: ResponseHead, upstream: Writable): void
  /**
   * A piece of the body, lent: until `piece` returns true, or after false until the sink calls {@link Call.resume}.
   * Pieces of one read may still come between the two.
   */
  piece(bytes: Buffer): boolean
  /** Bytes that the client has yet to read: a falling count means a slow client, a constant one a stalled client. */
  unsent?(): number
  /** The body is complete; `last` is a short final piece, lent during the call. */
  end(last: Buffer | undefined, trailers: readonly string[]): void
  fail(error: UpstreamError): void
}

/** What a connection offers to the exchange it carries. */
export interface Carrier {
  abort(): void
  resume(): void
}

/** Methods that may be sent again (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** An exchange under way. */
export class Call {
  readonly exchange: Exchange
  /** Whether sending it twice does no harm. */
  readonly repeatable: boolean
  /** The connection that carries it; undefined while it waits for one and after its end. */
  carrier: Carrier | undefined
  /** True when it must not be sent (again). */
  aborted = false
  /** Whether any part of it was written to a connection. */
  sent = false
  retried = false
  readonly #events: UpstreamEvents | undefined

  constructor(exchange: Exchange, events?: UpstreamEvents) {
    this.exchange = exchange
    this.#events = events
    this.repeatable = exchange.repeatable && IDEMPOTENT.has(exchange.method)
  }

  /** Cancels: the upstream connection is closed, and the sink receives nothing more. After the end: no effect. */
  abort(): void {
    this.aborted = true
    this.carrier?.abort()
  }

  /** Tells the sink that there is no response, or no complete one. */
  fail(error: UpstreamError): void {
    this.#events?.failed(error.kind)
    this.exchange.sink.fail(error)
  }

  /** Continues a response that `piece` has paused. */
  resume(): void {
    this.carrier?.resume()
  }
}
