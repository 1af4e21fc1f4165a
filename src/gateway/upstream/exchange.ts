import type { Readable, Writable } from 'node:stream'
import type { Refusal } from '../errors.ts'
import type { ResponseHead } from './response-head.ts'

/** One request to an upstream, ready to be written, and who hears the answer. */
export interface Exchange {
  readonly method: string
  /** Request line, fields and the empty line after them; Latin-1. */
  readonly head: string
  /** A body to stream. The caller's own framing fields in `head` must say the same. */
  readonly body: { readonly source: Readable; readonly chunked: boolean } | undefined
  /** Whether it may be sent again, if its method allows, when a kept connection turns out to be closed. */
  readonly repeatable: boolean
  /** True when the head asks for another protocol: only then may the upstream answer 101. */
  readonly upgrade: boolean
  /** Longest wait for the head of the answer, ms; Infinity: none. */
  readonly responseMs: number
  readonly sink: ResponseSink
}

/**
 * Hears an answer, in this order: information*, head or upgraded, piece*, end; or a fault at any point, then nothing more.
 */
export interface ResponseSink {
  /** An interim answer, 100 or 103. */
  information(status: number): void
  head(head: ResponseHead): void
  /** The upstream switched protocols: `upstream` takes what the client says, `piece` hears what the upstream says. */
  upgraded(head: ResponseHead, upstream: Writable): void
  /**
   * A piece of the body, lent: until `piece` returns true, or after false until the sink calls {@link Call.resume}.
   * Pieces of one read may still come between the two.
   */
  piece(bytes: Buffer): boolean
  /** Bytes that the client has still to take: a count that shrinks tells a slow one from one that has stopped. */
  unsent?(): number
  /** The body is whole, all pieces are given back; `last` is a short final piece, lent during the call. */
  end(last: Buffer | undefined, trailers: readonly string[]): void
  fault(fault: Refusal): void
}

/** What a connection offers to the exchange it carries. */
export interface Carrier {
  abort(): void
  resume(): void
}

/** An exchange under way. */
export class Call {
  readonly exchange: Exchange
  /** The connection that carries it now; none while it waits for one and after its end. */
  carrier: Carrier | undefined
  /** True when it must not be sent (again). */
  aborted = false
  retried = false

  constructor(exchange: Exchange) {
    this.exchange = exchange
  }

  /** Gives up: the upstream connection is cut, the sink hears nothing more. After the end: nothing. */
  abort(): void {
    this.aborted = true
    this.carrier?.abort()
  }

  /** Lets an answer go on that `piece` has held. */
  resume(): void {
    this.carrier?.resume()
  }
}
