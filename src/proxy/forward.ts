import type { IncomingMessage } from 'node:http'
import { type Dispatcher, errors, Pool } from 'undici'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { answerHead } from './response-headers.ts'

/** What is sent to an upstream: everything was judged, nothing is added after this. */
export interface Outgoing {
  readonly origin: string
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Flat names and values. */
  readonly headers: string[]
  /** Absent: the request's own body is streamed. */
  readonly body?: Buffer
  /** Longest wait for the answer's head, ms; 0: none. */
  readonly answerMs: number
  readonly connectMs: number
}

/** How the answer is passed back. */
export interface Incoming {
  readonly cookieBase: string
  /** Turns an upstream's own `Location` into one that the client can follow. */
  readonly location: (value: string) => string
  /** When set, the answer is read whole (up to `maxBytes`) and rewritten. */
  readonly rewrite?: { maxBytes: number; apply: (status: number, body: Buffer) => Buffer } | undefined
}

export interface Forwarder {
  /** Streams both ways; resolves when the answer is complete. @throws Refusal `upstream-*` while no answer has begun */
  forward(exchange: Exchange, outgoing: Outgoing, incoming: Incoming): Promise<void>
  close(): Promise<void>
}

export function buildForwarder(limits: Config['limits']): Forwarder {
  const pools = new Map<string, Pool>()
  const poolOf = (outgoing: Outgoing): Pool => {
    const known = pools.get(outgoing.origin)
    if (known) return known
    const pool = new Pool(outgoing.origin, {
      connections: limits.upstreamConnections,
      pipelining: 1,
      keepAliveTimeout: limits.upstreamIdleSeconds * 1000,
      keepAliveMaxTimeout: limits.upstreamIdleSeconds * 1000,
      connect: { timeout: outgoing.connectMs },
      maxHeaderSize: limits.headerBytes,
      bodyTimeout: 0,
    })
    pools.set(outgoing.origin, pool)
    return pool
  }
  return {
    async forward(exchange, outgoing, incoming) {
      const pool = poolOf(outgoing)
      const body = outgoing.body ?? requestBody(exchange.request, outgoing)
      try {
        await attempt(pool, exchange, outgoing, incoming, body)
      } catch (error) {
        if (body !== null || !isStaleSocket(error, exchange, outgoing.method)) throw asRefusal(error)
        await attempt(pool, exchange, outgoing, incoming, null).catch((second) => {
          throw asRefusal(second)
        })
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()))
    },
  }
}

/** The request's body as a stream, framed anew: with its length where it has one, else chunked. */
function requestBody(request: IncomingMessage, outgoing: Outgoing): IncomingMessage | null {
  const length = request.headers['content-length']
  if (length === undefined && request.headers['transfer-encoding'] === undefined) return null
  if (length !== undefined) outgoing.headers.push('Content-Length', length)
  return request
}

function attempt(
  pool: Pool,
  exchange: Exchange,
  outgoing: Outgoing,
  incoming: Incoming,
  body: Buffer | IncomingMessage | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { method, path, headers, answerMs } = outgoing
    const options: Dispatcher.DispatchOptions = {
      method: method as Dispatcher.HttpMethod,
      path,
      headers,
      body,
      headersTimeout: answerMs,
      bodyTimeout: 0,
    }
    pool.dispatch(
      options,
      incoming.rewrite
        ? new WholeAnswer(exchange, incoming, resolve, reject)
        : new StreamedAnswer(exchange, incoming, resolve, reject),
    )
  })
}

/** Passes an answer on as it comes, at the speed of the slower side. */
class StreamedAnswer implements Dispatcher.DispatchHandler {
  protected readonly exchange: Exchange
  protected readonly incoming: Incoming
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  readonly #gone = () => {
    if (!this.exchange.response.writableFinished) this.#controller?.abort(new ClientGone())
  }

  constructor(exchange: Exchange, incoming: Incoming, resolve: () => void, reject: (error: unknown) => void) {
    this.exchange = exchange
    this.incoming = incoming
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { response } = this.exchange
    if (response.destroyed) controller.abort(new ClientGone())
    else response.once('close', this.#gone)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    this.exchange.response.writeHead(status, answerHead(headers, this.exchange, this.incoming))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.exchange
    if (response.write(chunk)) return
    controller.pause()
    response.once('drain', () => controller.resume())
  }

  onResponseEnd(_controller?: Dispatcher.DispatchController, _trailers?: unknown): void {
    this.exchange.response.end()
    this.done()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.exchange.response.off('close', this.#gone)
    if (this.exchange.response.headersSent) {
      // The status is gone already: only a cut connection tells the client that the body is not whole.
      this.exchange.response.destroy()
      this.#resolve()
    } else this.#reject(error)
  }

  protected done(): void {
    this.exchange.response.off('close', this.#gone)
    this.#resolve()
  }

  protected fail(error: unknown): void {
    this.exchange.response.off('close', this.#gone)
    this.#reject(error)
  }
}

/** Reads a small answer whole, because its content is rewritten. */
class WholeAnswer extends StreamedAnswer {
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0
  #headers: Record<string, string | string[] | undefined> = {}

  override onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status
    this.#headers = headers
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > (this.incoming.rewrite?.maxBytes ?? 0))
      controller.abort(new Refusal('upstream-invalid', 'answer to be rewritten is too large'))
    else this.#chunks.push(chunk)
  }

  override onResponseEnd(): void {
    try {
      const whole = Buffer.concat(this.#chunks)
      const body = this.incoming.rewrite?.apply(this.#status, whole) ?? whole
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = this.#headers
      const head = answerHead(headers, this.exchange, this.incoming)
      head.push('Content-Length', String(body.length))
      this.exchange.response.writeHead(this.#status, head)
      this.exchange.response.end(body)
      this.done()
    } catch (error) {
      this.fail(error)
    }
  }
}

class ClientGone extends Error {}

/**
 * A kept connection that the upstream closed just as it was used: nothing came back, and the method may be repeated
 * (RFC 9110 §9.2.2). Anything else is not ours to send twice.
 */
function isStaleSocket(error: unknown, { response }: Exchange, method: string): boolean {
  if (response.headersSent || response.destroyed || !['GET', 'HEAD', 'OPTIONS'].includes(method)) return false
  return error instanceof errors.SocketError || codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE'
}

const codeOf = (error: unknown): string => (error instanceof Error ? String(Reflect.get(error, 'code') ?? '') : '')

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof ClientGone)
    return new Refusal('request-malformed', 'the client left before the answer', { cause: error })
  const code = codeOf(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT')
    return new Refusal('upstream-timeout', code, { cause: error })
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new Refusal('upstream-invalid', code, { cause: error })
  return new Refusal('upstream-down', code || 'no connection', { cause: error })
}
