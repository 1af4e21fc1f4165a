import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { askForBody, expectsContinue } from '../http/expect.ts'
import type { Exchange } from '../routing/request-context.ts'
import { Upstream } from '../upstream/pool.ts'
import { BufferedResponse, type Rewrite } from './buffered-response.ts'
import { StreamedResponse } from './streamed-response.ts'

/** What is sent to an upstream: everything was judged, nothing is added after this. */
export interface UpstreamRequest {
  readonly origin: string
  /** Whose request it is, where tenants share the upstream's connections: a project, else a principal. */
  readonly tenant: string
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Flat names and values. */
  readonly headers: string[]
  /** Absent: the request's own body is streamed. */
  readonly body?: Buffer
  /** Longest wait for the answer's head, ms; 0: none. */
  readonly responseMs: number
  readonly connectMs: number
}

/** How the answer is passed back. */
export interface ResponsePlan {
  readonly cookieBase: string
  /** Written beside the upstream's own, flat. */
  readonly headers: readonly string[]
  /** Turns an upstream's own `Location` into one that the client can follow. */
  readonly location: (value: string) => string
  /** When set, the answer is read whole and rewritten. */
  readonly rewrite?: Rewrite | undefined
}

export interface Forwarder {
  /** Streams both ways; resolves when the exchange is over. @throws Refusal `upstream-*`, also after an answer has begun */
  forward(exchange: Exchange, outgoing: UpstreamRequest, incoming: ResponsePlan): Promise<void>
  /** The connections to an upstream, for what is not a plain exchange. */
  upstreamOf(outgoing: Pick<UpstreamRequest, 'origin' | 'connectMs'>): Upstream
  /** Gives up upstreams that no new request goes to; what is in flight to them finishes. */
  retire(isOver: (origin: string) => boolean): void
  /** Cuts all connections to upstreams. */
  close(): void
}

/** How long an upstream may ponder `Expect: 100-continue` before the body is asked for anyway, ms. */
const CONTINUE_MS = 1000

/** @param all Where every upstream is noted as long as something is under way to it, also by other forwarders. */
export function buildForwarder(limits: Config['limits'], clock: Clock, all = new Set<Upstream>()): Forwarder {
  const upstreams = new Map<string, Upstream>()
  let isOver = (_origin: string) => false

  function upstreamOf({ origin, connectMs }: Pick<UpstreamRequest, 'origin' | 'connectMs'>): Upstream {
    const key = `${origin} ${connectMs}`
    const known = upstreams.get(key)
    if (known) return known
    const upstream = new Upstream({
      origin: new URL(origin),
      maxConnections: limits.upstreamConnections,
      tenantShare: limits.upstreamShare,
      connectMs,
      bodyIdleMs: limits.bodyIdleSeconds * 1000,
      responseIdleMs: limits.responseIdleSeconds * 1000,
      idleMs: limits.upstreamIdleSeconds * 1000,
      maxHeadBytes: limits.headerBytes,
      clock,
    })
    all.add(upstream)
    // Asked for by a request from before a reload: it serves this one, and the next does not find it.
    if (isOver(origin)) upstream.retire()
    else upstreams.set(key, upstream)
    return upstream
  }

  function forward(exchange: Exchange, outgoing: UpstreamRequest, incoming: ResponsePlan): Promise<void> {
    const { request, response } = exchange
    const body = outgoing.body ? undefined : streamedBody(request, outgoing.headers)
    const waits = body !== undefined && expectsContinue(request)
    if (waits) outgoing.headers.push('Expect', '100-continue')
    return new Promise((resolve, reject) => {
      const Answer = incoming.rewrite ? BufferedResponse : StreamedResponse
      const sink = new Answer(exchange, incoming, resolve, reject)
      const { tenant, method, responseMs } = outgoing
      const head = requestHead(outgoing) + (outgoing.body?.toString('latin1') ?? '')
      const call = upstreamOf(outgoing).send({
        tenant,
        method,
        head,
        body,
        repeatable: body === undefined && outgoing.body === undefined,
        upgrade: false,
        responseMs: responseMs === 0 ? Number.POSITIVE_INFINITY : responseMs,
        sink,
      })
      sink.follow(call)
      if (waits) setTimeout(askForBody, CONTINUE_MS, request, response).unref()
    })
  }

  return {
    forward,
    upstreamOf,
    retire(now) {
      isOver = now
      for (const [key, upstream] of upstreams) {
        if (!isOver(key.slice(0, key.indexOf(' ')))) continue
        upstreams.delete(key)
        upstream.retire()
      }
    },
    close: () => {
      for (const upstream of upstreams.values()) upstream.close()
    },
  }
}

/** Request line and fields; names and values were checked by the parser that read them or the writer that made them. */
export function requestHead({ method, path, headers }: Pick<UpstreamRequest, 'method' | 'path' | 'headers'>): string {
  let head = `${method} ${path} HTTP/1.1\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${head}\r\n`
}

/** The request's body as a stream, framed anew: with its length where it has one, else chunked. */
function streamedBody(request: IncomingMessage, headers: string[]) {
  const length = request.headers['content-length']
  const chunked = request.headers['transfer-encoding'] !== undefined
  if (length === undefined && !chunked) return undefined
  headers.push(chunked ? 'Transfer-Encoding' : 'Content-Length', chunked ? 'chunked' : (length as string))
  return length === '0' ? undefined : { source: request, chunked }
}
