import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { Refusal } from '../errors.ts'
import { askForBody } from '../http/expect.ts'
import { finish, isSending } from '../http/finish.ts'
import type { Exchange } from '../routing/request-context.ts'
import type { UpstreamError } from '../upstream/errors.ts'
import type { Call, ResponseSink } from '../upstream/exchange.ts'
import type { ResponseHead } from '../upstream/response-head.ts'
import type { ResponsePlan } from './forwarder.ts'
import { clientHeaders } from './headers/response-headers.ts'
import { denialOf } from './upstream-denials.ts'

/** Pieces up to this go out as text: Node then joins them with the head, one write instead of two. */
const AS_TEXT = 16_384

/** Passes an answer on as it comes, at the speed of the slower side. */
export class StreamedResponse implements ResponseSink {
  readonly exchange: Exchange
  protected readonly incoming: ResponsePlan
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  protected call: Call | undefined
  #over = false

  constructor(exchange: Exchange, incoming: ResponsePlan, resolve: () => void, reject: (error: unknown) => void) {
    this.exchange = exchange
    this.incoming = incoming
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Ties both sides together: a client that leaves takes its request to the upstream with it. */
  follow(call: Call): void {
    this.call = call
    this.exchange.response.once('close', () => {
      call.abort()
      this.left()
    })
  }

  /** The client is gone, or all is said: nobody waits for this exchange any more. */
  protected left(): void {
    this.#over = true
    this.#resolve()
  }

  /** Only a client that waits for it hears the word; one of HTTP/1.0 would take it for the answer (RFC 9110 §15.2). */
  information(status: number): void {
    if (status === 100) askForBody(this.exchange.request, this.exchange.response)
  }

  unsent(): number {
    return unsentBytes(this.exchange.response.socket)
  }

  head(head: ResponseHead): void {
    const { request, response } = this.exchange
    const headers = clientHeaders(head.headers, this.exchange, this.incoming)
    if (isSending(request)) headers.push('Connection', 'close')
    response.writeHead(head.status, headers)
    // A stream may say nothing for long: its client must see that it has begun.
    if (typeof head.framing !== 'number') process.nextTick(() => this.#over || response.flushHeaders())
  }

  upgraded(_head: ResponseHead, _upstream: Writable): void {
    throw new Refusal('upstream-invalid', 'the upstream switched protocols unasked')
  }

  piece(bytes: Buffer): boolean {
    const { response } = this.exchange
    if (bytes.length > AS_TEXT) {
      response.write(bytes, () => this.#written())
      return response.writableLength === 0
    }
    // The text is a copy: the piece is done with at once, unless the client is slower than the upstream.
    if (response.write(bytes.toString('latin1'), 'latin1')) return true
    if (response.listenerCount('drain') === 0) response.once('drain', () => this.#written())
    return false
  }

  #written(): void {
    if (this.exchange.response.writableLength === 0) this.call?.resume()
  }

  end(last: Buffer | undefined, trailers: readonly string[]): void {
    this.#over = true
    const { request, response } = this.exchange
    if (trailers.length > 0) response.addTrailers(pairs(trailers))
    if (isSending(request)) finish(request, response, last && Buffer.from(last))
    else if (last && last.length > 0) response.end(last.toString('latin1'), 'latin1')
    else response.end()
    this.#resolve()
  }

  fail(error: UpstreamError): void {
    this.#over = true
    this.#reject(denialOf(error))
  }

  /** One request and its answer: the access token was judged when it began. */
  get outlivesToken(): boolean {
    return true
  }

  /**
   * Ends the exchange from our side: the upstream is left, and the client is refused, or cut off where its answer has
   * begun. After the end: nothing.
   */
  cut(why: unknown): void {
    if (this.#over) return
    this.#over = true
    this.call?.abort()
    this.#reject(why)
  }
}

/** What Node and then the kernel still hold for a client; Node's own timeouts look at the same count. */
export function unsentBytes(socket: Socket | null): number {
  const handle: unknown = socket && Reflect.get(socket, '_handle')
  const queued: unknown = typeof handle === 'object' && handle !== null && Reflect.get(handle, 'writeQueueSize')
  return (socket?.writableLength ?? 0) + (typeof queued === 'number' ? queued : 0)
}

/** Trailers as `addTrailers` takes them. */
function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i] as string, flat[i + 1] as string])
  return list
}
