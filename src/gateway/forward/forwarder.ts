import type { IncomingMessage } from 'node:http'
import { bodyPaceOf } from '../../shared/body-pace.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { askForBody, expectsContinue } from '../http/expect.ts'
import type { Transport } from '../http/reply.ts'
import type { RequestContext } from '../routing/request-context.ts'
import type { UpstreamEvents } from '../upstream/events.ts'
import { Upstream } from '../upstream/pool.ts'
import { BufferedResponse } from './buffered-response.ts'
import type { ResponsePlan } from './response-plan.ts'
import { StreamedResponse } from './streamed-response.ts'
import type { UpstreamRequest } from './upstream-request.ts'

export interface Forwarder {
  /** Streams both ways; resolves when the response has ended. @throws Refusal `upstream-*`, also after a response has begun */
  forward(context: RequestContext, transport: Transport, outgoing: UpstreamRequest, plan: ResponsePlan): Promise<void>
  /** The connections to an upstream, for requests that are not plain. */
  upstreamOf(outgoing: UpstreamKey): Upstream
  /** Gives up upstreams that no new request goes to; what is in flight to them finishes. */
  retire(isOver: (upstream: UpstreamKey) => boolean): void
  /** Cuts all connections to upstreams. */
  close(): void
}

/** Connections to one origin are kept apart by their timeout: a pool has one. */
export type UpstreamKey = Pick<UpstreamRequest, 'origin' | 'connectMs'>

/** How long an upstream may leave `Expect: 100-continue` without a response before the body is asked for anyway, ms. */
const CONTINUE_MS = 1000

/**
 * @param all Every upstream with a request under way is kept here, other forwarders' as well.
 * @param eventsOf Whoever counts what happens on the connections to an origin.
 */
export function buildForwarder(
  limits: Config['limits'],
  clock: Clock,
  all = new Set<Upstream>(),
  eventsOf?: (origin: string) => UpstreamEvents,
): Forwarder {
  const upstreams = new Map<string, { readonly named: UpstreamKey; readonly upstream: Upstream }>()
  let isOver = (_upstream: UpstreamKey) => false

  function upstreamOf({ origin, connectMs }: UpstreamKey): Upstream {
    const key = `${origin} ${connectMs}`
    const known = upstreams.get(key)
    if (known) return known.upstream
    const upstream = new Upstream({
      origin: new URL(origin),
      maxConnections: limits.upstreamConnections,
      tenantShare: limits.upstreamShare,
      connectMs,
      bodyPace: bodyPaceOf(limits),
      responseIdleMs: limits.responseIdleSeconds * 1000,
      idleMs: limits.upstreamIdleSeconds * 1000,
      maxHeadBytes: limits.headerBytes,
      ...{ clock, events: eventsOf?.(new URL(origin).origin) },
    })
    all.add(upstream)
    // Asked for by a request from before a reload: it serves this one, and the next does not find it.
    const named = { origin, connectMs }
    if (isOver(named)) upstream.retire()
    else upstreams.set(key, { named, upstream })
    return upstream
  }

  function forward(
    context: RequestContext,
    transport: Transport,
    outgoing: UpstreamRequest,
    plan: ResponsePlan,
  ): Promise<void> {
    const { request, response } = transport
    // Its close was before anybody listened, and its audit event was written without a decision: nothing is done for it.
    if (response.closed) return Promise.resolve()
    const body = outgoing.body ? undefined : streamedBody(context, request, outgoing.headers)
    const waits = body !== undefined && expectsContinue(request)
    if (waits) outgoing.headers.push('Expect', '100-continue')
    return new Promise((resolve, reject) => {
      const Response = plan.rewrite ? BufferedResponse : StreamedResponse
      const sink = new Response({ context, transport, plan, resolve, reject })
      const { tenant, method, responseMs } = outgoing
      const head = requestHead(outgoing) + (outgoing.body?.toString('latin1') ?? '')
      const call = upstreamOf(outgoing).send({
        tenant,
        method,
        head,
        body: waits ? { ...body, askedAfterMs: CONTINUE_MS } : body,
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
      for (const [key, { named, upstream }] of upstreams) {
        if (!isOver(named)) continue
        upstreams.delete(key)
        upstream.retire()
      }
    },
    close: () => {
      for (const { upstream } of upstreams.values()) upstream.close()
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
export function streamedBody(context: RequestContext, request: IncomingMessage, headers: string[]) {
  const length = request.headers['content-length']
  const chunked = request.headers['transfer-encoding'] !== undefined
  if (length === undefined && !chunked) return undefined
  // Written anew: `00005` is 5, but another parser may read it as something else (RFC 9112 §6.2).
  headers.push(chunked ? 'Transfer-Encoding' : 'Content-Length', chunked ? 'chunked' : String(Number(length)))
  const received = (bytes: number) => {
    context.receivedBytes += bytes
  }
  return Number(length) === 0 && !chunked ? undefined : { source: request, chunked, received }
}
