import type { Socket } from 'node:net'
import { BodyWriter } from './body-writer.ts'
import { UpstreamError } from './errors.ts'
import type { Call, Carrier, Exchange } from './exchange.ts'
import type { Tenant } from './fair-share.ts'
import { openSocket } from './open-socket.ts'
import type { UpstreamOptions } from './options.ts'
import { ReadBuffer } from './read-buffer.ts'
import type { ResponseHead } from './response-head.ts'
import { ResponseReader } from './response-reader.ts'

const NEVER = Number.POSITIVE_INFINITY

/** What a connection reports to its pool. */
export interface ConnectionOwner {
  /** The exchange has ended and the connection can carry another. */
  idle(connection: Connection): void
  /**
   * The connection is closed. `unanswered`: its call, when the connection was kept from an earlier exchange and no byte
   * of a response came: the upstream closed it before it saw the request.
   */
  closed(connection: Connection, unanswered: Call | undefined, error: UpstreamError): void
}

/** One connection to an upstream, one exchange at a time (no pipelining: a response can belong to one request only). */
export class Connection implements Carrier {
  /** The tenant that the pool counts this connection for; undefined while it is idle. */
  holder: Tenant | undefined
  /** When the current wait has lasted too long, by the pool's clock; Infinity: nothing is waited for. */
  deadline: number

  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #options: UpstreamOptions
  readonly #buffer = new ReadBuffer()
  readonly #reader: ResponseReader
  #call: Call | undefined
  #writer: BodyWriter | undefined
  /** True while the sink still writes pieces that it was lent. Nothing is read meanwhile. */
  #held = false
  /** What the client had yet to read when the deadline last passed. */
  #unsent: number | undefined
  /** Set when the response is complete but a piece is still {@link #held}. */
  #trailers: readonly string[] | undefined
  #connecting = true
  #closed = false
  /** Exchanges carried; above one, the upstream may have closed while the connection was idle. */
  #carried = 0
  #error: UpstreamError | undefined
  #idleUntil = 0
  readonly #begunAt = performance.now()
  /** When its request was sent, by `performance.now()`; only where somebody wants to know. */
  #sentAt = 0

  constructor(owner: ConnectionOwner, options: UpstreamOptions) {
    this.#owner = owner
    this.#options = options
    this.deadline = options.clock() + options.connectMs
    this.#reader = new ResponseReader(options.maxHeadBytes, {
      information: (status) => this.#call?.exchange.sink.information(status),
      head: (head) => {
        this.#restartTimer()
        this.#responded()
        this.#call?.exchange.sink.head(head)
      },
      upgraded: (head) => this.#upgraded(head),
      piece: (bytes) => this.#pass(bytes),
      end: (last, trailers) => this.#complete(last, trailers),
    })
    const onread = {
      buffer: () => this.#buffer.next(),
      callback: (length: number, bytes: Uint8Array) => this.#read(length, bytes as Buffer),
    }
    this.#socket = openSocket(options.origin, onread, () => this.#connected())
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.once('close', () => this.#onClose())
  }

  /** What it carries. */
  get call(): Call | undefined {
    return this.#call
  }

  /** Whether an idle connection may carry another exchange. */
  isFresh(now: number): boolean {
    return !this.#closed && this.#idleUntil > now
  }

  /**
   * Carries an exchange. A request that must not be sent twice waits on a kept connection until the event loop has
   * polled once: if the upstream has closed its side, that is then known, and another connection carries the request.
   */
  start(call: Call): void {
    this.#call = call
    call.carrier = this
    this.#carried += 1
    this.#reader.start(call.exchange.method)
    if (this.#carried === 1 || call.repeatable) this.#send(call)
    else setImmediate(() => setImmediate(this.#sendIfOpen, call))
  }

  readonly #sendIfOpen = (call: Call): void => {
    if (this.#call === call && !this.#closed) this.#send(call)
  }

  #send(call: Call): void {
    const { head, body } = call.exchange
    call.sent = true
    if (this.#options.events) this.#sentAt = performance.now()
    this.#socket.write(head, 'latin1')
    if (body) this.#startBody(body)
    this.#restartTimer()
  }

  #startBody(body: NonNullable<Exchange['body']>): void {
    const { clock, bodyPace } = this.#options
    this.#writer = new BodyWriter(body, this.#socket, bodyPace, clock(), this.#restartTimer)
  }

  resume(): void {
    this.#held = false
    this.#unsent = undefined
    this.#restartTimer()
    this.#socket.resume()
    if (this.#trailers) this.#finish(undefined, this.#trailers)
  }

  /** Closes the connection at once; its sink receives nothing more. */
  abort(): void {
    this.#release()
    this.#destroy()
  }

  /** The deadline has passed. */
  expire(): void {
    if (this.#connecting)
      this.#destroy(new UpstreamError('timeout', 'the upstream did not accept a connection in time'))
    else if (this.#writer && !this.#writer.done && !this.#writer.waitingForUpstream) this.#expireBody(this.#writer)
    else if (this.#held) this.#expireHeld()
    else this.#destroy(new UpstreamError('timeout', 'the upstream did not respond in time'))
  }

  /** Closes where the client is too slow with the body. */
  #expireBody(writer: BodyWriter): void {
    const fault = writer.fault(this.#options.clock())
    if (fault === undefined) this.#restartTimer()
    else this.#destroy(new UpstreamError('client-stalled', fault))
  }

  /** Closes where the client reads nothing any more: other requests need the connection. */
  #expireHeld(): void {
    const unsent = this.#call?.exchange.sink.unsent?.()
    if (unsent === undefined || unsent === this.#unsent)
      this.#destroy(new UpstreamError('client-stalled', 'the client read nothing of the response for too long'))
    else {
      this.#unsent = unsent
      this.#restartTimer()
    }
  }

  #connected(): void {
    this.#connecting = false
    this.#options.events?.connected((performance.now() - this.#begunAt) / 1000)
    if (this.#call) this.#restartTimer()
  }

  /** Sets the deadline for what is waited for now. A response body has no limit while the client reads it. */
  readonly #restartTimer = (): void => {
    if (this.#connecting) return
    const { clock, responseIdleMs } = this.#options
    const responseMs = this.#call?.exchange.responseMs ?? NEVER
    const writer = this.#writer
    if (writer && !writer.done) this.deadline = writer.deadline(clock(), responseMs)
    else if (this.#held) this.deadline = clock() + responseIdleMs
    else this.deadline = this.#reader.head ? NEVER : clock() + responseMs
  }

  /** @returns Whether to go on reading. */
  #read(length: number, buffer: Buffer): boolean {
    if (this.#closed) return false
    this.#buffer.took(length)
    try {
      // A response that no request asked for must not become the response to the next one.
      if (this.#call?.sent) this.#reader.read(buffer.subarray(0, length))
      else this.#destroy()
    } catch (error) {
      const sinkError = () => new UpstreamError('sink', 'the response could not be passed on', { cause: error })
      this.#destroy(error instanceof UpstreamError ? error : sinkError())
    }
    return !this.#held && !this.#closed
  }

  #pass(bytes: Buffer): void {
    if (this.#call?.exchange.sink.piece(bytes) !== false || this.#held) return
    this.#held = true
    this.#restartTimer()
  }

  #upgraded(head: ResponseHead): void {
    const { upgrade, sink } = (this.#call as Call).exchange
    if (!upgrade) throw new UpstreamError('invalid', 'the upstream switched protocols without being asked')
    if (head.upgrade !== 'websocket')
      throw new UpstreamError('invalid', 'the upstream switched to another protocol than WebSocket')
    this.deadline = NEVER
    this.#responded()
    sink.upgraded(head, this.#socket)
  }

  #responded(): void {
    this.#options.events?.responded((performance.now() - this.#sentAt) / 1000)
  }

  /** The next exchange reads into the same memory, so it does not begin before the sink has returned its pieces. */
  #complete(last: Buffer | undefined, trailers: readonly string[]): void {
    if (this.#held) this.#trailers = trailers
    else this.#finish(last, trailers)
  }

  #finish(last: Buffer | undefined, trailers: readonly string[]): void {
    const { sink } = (this.#call as Call).exchange
    const head = this.#reader.head as ResponseHead
    const reusable = head.reusable && !this.#closed && this.#isRequestSent()
    this.#release()
    sink.end(last, trailers)
    this.#buffer.shrink()
    if (reusable) {
      this.deadline = NEVER
      this.#idleUntil = this.#options.clock() + this.#idleMs(head)
      this.#owner.idle(this)
    } else this.#destroy()
  }

  /** An upstream that responds before it has read the whole request may close, or read the rest as another request. */
  #isRequestSent(): boolean {
    return (this.#writer === undefined || this.#writer.done) && this.#socket.writableLength === 0
  }

  /** Shorter than the upstream's own limit, so that it does not close while a request is on its way. */
  #idleMs({ idleSeconds }: ResponseHead): number {
    const { idleMs } = this.#options
    return idleSeconds === undefined ? idleMs : Math.min(idleMs, Math.max(0, (idleSeconds - 1) * 1000))
  }

  /** Forgets the exchange; nothing reaches its sink any more. */
  #release(): void {
    if (this.#call) this.#call.carrier = undefined
    this.#call = undefined
    this.#held = false
    this.#trailers = undefined
    this.#reader.stop()
    this.#writer?.stop()
    this.#writer = undefined
  }

  /** The upstream closed its side: the regular end of a body without length, else an error. */
  #ended(): void {
    if (this.#call && this.#reader.endsWithConnection) this.#finish(undefined, [])
    else this.#destroy()
  }

  #failed({ code, name }: NodeJS.ErrnoException): void {
    // A complete response stays one, whatever becomes of its connection.
    if (this.#trailers) return
    this.#error ??= new UpstreamError('unreachable', `the connection to the upstream failed: ${code ?? name}`)
  }

  #destroy(error?: UpstreamError): void {
    this.#error ??= error
    this.#closed = true
    this.#socket.destroy()
  }

  #onClose(): void {
    this.#closed = true
    if (this.#trailers && this.#error === undefined) this.#finish(undefined, this.#trailers)
    const call = this.#call
    const error =
      this.#error ??
      new UpstreamError('unreachable', 'the upstream closed the connection before the response was complete')
    this.#release()
    const unanswered = this.#carried > 1 && !this.#reader.begun && error.kind === 'unreachable'
    this.#owner.closed(this, unanswered ? call : undefined, error)
    if (!unanswered) call?.fail(error)
  }
}
