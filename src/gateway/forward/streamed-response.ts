import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { Refusal } from '../errors.ts'
import { askForBody } from '../http/expect.ts'
import { finish, isSending } from '../http/finish.ts'
import type { Transport } from '../http/reply.ts'
import type { RequestContext } from '../routing/request-context.ts'
import type { UpstreamError } from '../upstream/errors.ts'
import type { Call, ResponseSink } from '../upstream/exchange.ts'
import type { ResponseHead } from '../upstream/response-head.ts'
import { clientHeaders } from './headers/response-headers.ts'
import type { ResponsePlan } from './response-plan.ts'
import { denialOf } from './upstream-denials.ts'

/** Pieces up to this go out as text: Node then joins them with the head, one write instead of two. */
const AS_TEXT = 16_384

/** A request that was sent to its upstream, and who waits for its response. */
export interface Forwarded {
  readonly context: RequestContext
  readonly transport: Transport
  readonly plan: ResponsePlan
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Sends a response to the client as it arrives, at the speed of the slower side. */
export class StreamedResponse implements ResponseSink {
  readonly context: RequestContext
  readonly transport: Transport
  protected readonly plan: ResponsePlan
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  protected call: Call | undefined
  #ended = false

  constructor({ context, transport, plan, resolve, reject }: Forwarded) {
    this.context = context
    this.transport = transport
    this.plan = plan
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Ties both sides together: a client that leaves takes its request to the upstream with it. */
  follow(call: Call): void {
    this.call = call
    this.transport.response.on('close', () => {
      call.abort()
      this.left()
    })
  }

  /** The client has left, or has received everything: nobody waits for this response any more. */
  protected left(): void {
    this.#ended = true
    this.#resolve()
  }

  /** Only a client that waits for it gets an interim response; one of HTTP/1.0 would take it for the final one (RFC 9110 §15.2). */
  information(status: number): void {
    if (status === 100) askForBody(this.transport.request, this.transport.response)
  }

  unsent(): number {
    return unsentBytes(this.transport.response.socket)
  }

  head(head: ResponseHead): void {
    const { request, response } = this.transport
    const headers = clientHeaders(head.headers, this.context, this.plan)
    if (isSending(request)) headers.push('Connection', 'close')
    response.writeHead(head.status, headers)
    // A stream may stay silent for long: its client must see that it has begun.
    if (typeof head.framing !== 'number') process.nextTick(() => this.#ended || response.flushHeaders())
  }

  upgraded(_head: ResponseHead, _upstream: Writable): void {
    throw new Refusal('upstream-invalid', 'the upstream switched protocols unasked')
  }

  piece(bytes: Buffer): boolean {
    this.context.sentBytes += bytes.length
    const { response } = this.transport
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
    if (this.transport.response.writableLength === 0) this.call?.resume()
  }

  end(last: Buffer | undefined, trailers: readonly string[]): void {
    this.#ended = true
    const { request, response } = this.transport
    if (last) this.context.sentBytes += last.length
    if (trailers.length > 0) response.addTrailers(pairs(trailers))
    if (isSending(request)) finish(request, response, last && Buffer.from(last))
    else if (last && last.length > 0) response.end(last.toString('latin1'), 'latin1')
    else response.end()
    this.#resolve()
  }

  fail(error: UpstreamError): void {
    this.#ended = true
    this.#reject(denialOf(error))
  }

  /** One request and its response: the access token was verified when it began. */
  get outlivesToken(): boolean {
    return true
  }

  /**
   * Ends the request from our side: the upstream request is aborted, and the client gets a denial, or is cut off where
   * its response has begun. After the end: nothing.
   */
  cut(why: unknown): void {
    if (this.#ended) return
    this.#ended = true
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
