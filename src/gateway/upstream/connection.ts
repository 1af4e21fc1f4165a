import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Refusal } from '../errors.ts'
import { BodyWriter } from './body-writer.ts'
import { ChunkedDecoder } from './chunked.ts'
import type { Call, Carrier } from './exchange.ts'
import type { UpstreamOptions } from './pool.ts'
import { ReadBuffer } from './read-buffer.ts'
import { parseResponseHead, type ResponseHead } from './response-head.ts'

/** The last piece of an answer, when it is this short, is handed over with its end: one write instead of two. */
const SHORT_PIECE = 16_384
const HEAD_END = '\r\n\r\n'
const UNTIL_CLOSE = Number.POSITIVE_INFINITY
/** Interim answers to one request; there is no use for more, and each would be work without an end. */
const MAX_INTERIM = 20

/** What a connection tells its pool. */
export interface ConnectionOwner {
  /** The exchange is over and the connection can carry another. */
  idle(connection: Connection): void
  /** The connection is gone. `unanswered`: its exchange, when the connection had lain idle before and not one byte of answer came. */
  closed(connection: Connection, unanswered: Call | undefined, fault: Refusal): void
}

/** One connection to an upstream, one exchange at a time (no pipelining: an answer can belong to one request only). */
export class Connection implements Carrier {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #options: UpstreamOptions
  readonly #buffer = new ReadBuffer()

  #call: Call | undefined
  #writer: BodyWriter | undefined
  #headText = ''
  #head: ResponseHead | undefined
  /** True from the first byte of an answer on. */
  #heard = false
  #interim = 0
  #left = 0
  #decoder: ChunkedDecoder | undefined
  /** True while the sink still writes pieces it was lent. */
  #held = false
  /** What the client had not taken when that was last looked at. */
  #unsent: number | undefined
  /** Set when the answer is whole but a piece is still {@link #held}. */
  #trailers: readonly string[] | undefined

  #connecting = true
  #gone = false
  /** Exchanges carried; above one, the upstream may have closed while the connection lay idle. */
  #carried = 0
  #fault: Refusal | undefined
  /** When the present wait has lasted too long, by the pool's clock; Infinity: nothing is waited for. */
  deadline: number
  #idleUntil = 0

  constructor(owner: ConnectionOwner, options: UpstreamOptions) {
    this.#owner = owner
    this.#options = options
    this.deadline = options.clock() + options.connectMs
    const { hostname, port, protocol } = options.origin
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const onread = {
      buffer: () => this.#buffer.next(),
      callback: (length: number, bytes: Uint8Array) => this.#read(length, bytes as Buffer),
    }
    this.#socket =
      protocol === 'https:'
        ? // `onread` is passed on to the socket (Node's documentation of tls.connect), which its types leave out.
          connectTls({
            host,
            port: Number(port || 443),
            ...(isIP(host) ? {} : { servername: host }),
            ALPNProtocols: ['http/1.1'],
            onread,
          } as object)
        : connectTcp({ host, port: Number(port || 80), onread })
    this.#socket.setNoDelay(true)
    this.#socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => this.#connected())
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.once('close', () => this.#closed())
  }

  /** What it carries. */
  get call(): Call | undefined {
    return this.#call
  }

  /** Whether an idle connection may carry another exchange, or has lain too long. */
  isFresh(now: number): boolean {
    return !this.#gone && this.#idleUntil > now
  }

  /** Writes the request, then streams its body. */
  start(call: Call): void {
    const { exchange } = call
    this.#call = call
    call.carrier = this
    this.#carried += 1
    this.#headText = ''
    this.#head = undefined
    this.#heard = false
    this.#interim = 0
    this.#socket.write(exchange.head, 'latin1')
    const { body } = exchange
    if (body) this.#writer = new BodyWriter(body.source, this.#socket, body.chunked, () => this.#moved())
    if (!this.#connecting) this.#moved()
  }

  resume(): void {
    this.#held = false
    this.#unsent = undefined
    this.#moved()
    if (this.#trailers) this.#finish(undefined, this.#trailers)
    else this.#socket.resume()
  }

  /** Cuts the connection; its exchange hears nothing more. */
  abort(): void {
    this.#release()
    this.#destroy()
  }

  /** The deadline has passed. */
  expire(): void {
    if (this.#connecting)
      this.#destroy(new Refusal('upstream-timeout', 'the upstream did not accept a connection in time'))
    else if (this.#writer && !this.#writer.done && !this.#writer.waitingForUpstream)
      this.#destroy(new Refusal('request-timeout', 'the client sent nothing of the request body for too long'))
    else if (this.#held) this.#expireHeld()
    else this.#destroy(new Refusal('upstream-timeout', 'the upstream did not answer in time'))
  }

  /** A client that takes nothing any more would keep this connection from everybody else. */
  #expireHeld(): void {
    const unsent = this.#call?.exchange.sink.unsent?.()
    if (unsent === undefined || unsent === this.#unsent)
      this.#destroy(new Refusal('request-timeout', 'the client took nothing of the answer for too long'))
    else {
      this.#unsent = unsent
      this.#moved()
    }
  }

  #connected(): void {
    this.#connecting = false
    if (this.#call) this.#moved()
  }

  /** Something moved: says what is waited for now. A body that streams down has no limit while the client takes it. */
  #moved(): void {
    if (this.#connecting) return
    const { clock, bodyIdleMs, responseIdleMs } = this.#options
    const responseMs = this.#call?.exchange.responseMs ?? Number.POSITIVE_INFINITY
    const writer = this.#writer
    if (writer && !writer.done) this.deadline = clock() + (writer.waitingForUpstream ? responseMs : bodyIdleMs)
    else if (this.#held) this.deadline = clock() + responseIdleMs
    else this.deadline = this.#head ? Number.POSITIVE_INFINITY : clock() + responseMs
  }

  /** @returns Whether to go on reading. */
  #read(length: number, buffer: Buffer): boolean {
    if (this.#gone) return false
    try {
      this.#buffer.took(length)
      return this.#take(buffer.subarray(0, length))
    } catch (error) {
      const passing = () => new Refusal('internal', 'the answer could not be passed on', { cause: error })
      this.#destroy(error instanceof Refusal ? error : passing())
      return false
    }
  }

  #take(bytes: Buffer): boolean {
    if (!this.#call) {
      // An answer that nobody asked for must not become the answer to the next request.
      this.#destroy()
      return false
    }
    this.#heard = true
    return this.#head ? this.#takeBody(bytes) : this.#takeHead(bytes)
  }

  #takeHead(bytes: Buffer): boolean {
    const before = this.#headText.length
    const text = this.#headText + bytes.toString('latin1')
    const end = text.indexOf(HEAD_END, Math.max(0, before - 3))
    if ((end < 0 ? text.length : end) > this.#options.maxHeadBytes)
      throw new Refusal('upstream-invalid', 'the head of the answer is too long')
    if (end < 0) {
      this.#headText = text
      return true
    }
    const call = this.#call as Call
    const head = parseResponseHead(text.slice(0, end), call.exchange.method)
    const rest = bytes.subarray(end + HEAD_END.length - before)
    if (head.status >= 200) return this.#begin(call, head, rest)
    this.#headText = ''
    if (head.status === 101) return this.#switchProtocols(call, head, rest)
    if (++this.#interim > MAX_INTERIM) throw new Refusal('upstream-invalid', 'the upstream sends interim answers only')
    call.exchange.sink.information(head.status)
    return rest.length === 0 || this.#take(rest)
  }

  #begin(call: Call, head: ResponseHead, rest: Buffer): boolean {
    this.#head = head
    this.#moved()
    this.#decoder = head.framing === 'chunked' ? new ChunkedDecoder() : undefined
    this.#left = typeof head.framing === 'number' ? head.framing : head.framing === 'close' ? UNTIL_CLOSE : 0
    call.exchange.sink.head(head)
    if (this.#call !== call) return false
    return rest.length > 0 || this.#left === 0 ? this.#takeBody(rest) : true
  }

  #takeBody(bytes: Buffer): boolean {
    if (this.#decoder) return this.#takeChunked(this.#decoder, bytes)
    if (bytes.length > this.#left) throw new Refusal('upstream-invalid', 'the answer is longer than its Content-Length')
    this.#left -= bytes.length
    if (this.#left > 0) {
      this.#pass(bytes)
      return !this.#held
    }
    if (bytes.length <= SHORT_PIECE) this.#finish(bytes, [])
    else {
      this.#pass(bytes)
      this.#finishWhenWritten([])
    }
    return true
  }

  #takeChunked(decoder: ChunkedDecoder, bytes: Buffer): boolean {
    const used = decoder.push(bytes, (piece) => this.#pass(piece))
    if (used < 0 || !this.#call) return !this.#held
    if (used < bytes.length) throw new Refusal('upstream-invalid', 'the answer goes on after its last chunk')
    this.#finishWhenWritten(decoder.trailers)
    return true
  }

  #pass(bytes: Buffer): void {
    if (this.#call?.exchange.sink.piece(bytes) !== false || this.#held) return
    this.#held = true
    this.#moved()
  }

  /** The read buffer goes back to work with the next exchange: not before the sink is done with its pieces. */
  #finishWhenWritten(trailers: readonly string[]): void {
    if (this.#held) this.#trailers = trailers
    else this.#finish(undefined, trailers)
  }

  #finish(last: Buffer | undefined, trailers: readonly string[]): void {
    const { sink } = (this.#call as Call).exchange
    const head = this.#head as ResponseHead
    const reusable = head.reusable && this.#left === 0 && (this.#writer === undefined || this.#writer.done)
    this.#release()
    sink.end(last, trailers)
    this.#buffer.shrink()
    if (reusable) {
      this.deadline = Number.POSITIVE_INFINITY
      this.#idleUntil = this.#options.clock() + this.#idleMs(head)
      this.#owner.idle(this)
    } else this.#destroy()
  }

  /** Shorter than the upstream's own limit, so that it is not closing while a request is on its way. */
  #idleMs({ idleSeconds }: ResponseHead): number {
    const { idleMs } = this.#options
    return idleSeconds === undefined ? idleMs : Math.min(idleMs, Math.max(0, (idleSeconds - 1) * 1000))
  }

  /** From here on both sides speak something else: what comes up is passed on as it is, until either side closes. */
  #switchProtocols({ exchange }: Call, head: ResponseHead, rest: Buffer): boolean {
    if (!exchange.upgrade) throw new Refusal('upstream-invalid', 'the upstream switched protocols unasked')
    if (head.upgrade !== 'websocket')
      throw new Refusal('upstream-invalid', 'the upstream switched to another protocol than WebSocket')
    this.#head = head
    this.#left = UNTIL_CLOSE
    this.deadline = Number.POSITIVE_INFINITY
    exchange.sink.upgraded(head, this.#socket)
    return rest.length === 0 || this.#takeBody(rest)
  }

  /** Forgets the exchange; nothing reaches its sink any more. */
  #release(): void {
    if (this.#call) this.#call.carrier = undefined
    this.#call = undefined
    this.#held = false
    this.#trailers = undefined
    this.#writer?.stop()
    this.#writer = undefined
  }

  /** The upstream closed its side: the regular end of a body without length, else the end of everything. */
  #ended(): void {
    if (this.#call && this.#head && this.#left === UNTIL_CLOSE) this.#finish(undefined, [])
    else this.#destroy()
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#fault ??= new Refusal('upstream-down', `connection to the upstream failed: ${error.code ?? error.name}`)
  }

  #destroy(fault?: Refusal): void {
    this.#fault ??= fault
    this.#gone = true
    this.#socket.destroy()
  }

  #closed(): void {
    this.#gone = true
    const call = this.#call
    const fault =
      this.#fault ?? new Refusal('upstream-down', 'the upstream closed the connection before its answer was whole')
    this.#release()
    const stale = this.#carried > 1 && !this.#heard && fault.reason === 'upstream-down'
    this.#owner.closed(this, stale ? call : undefined, fault)
    if (!stale) call?.exchange.sink.fault(fault)
  }
}
