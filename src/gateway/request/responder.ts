import { randomUUID } from 'node:crypto'
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { REASONS, type Reason, Refusal } from '../errors.ts'
import type { ClientAddress } from '../http/client-address.ts'
import { isWritten } from '../http/finish.ts'
import { endAndLinger } from '../http/linger.ts'
import type { Reply, Transport } from '../http/reply.ts'
import { type RequestHead, readRequestHead } from '../http/request-head.ts'
import type { RequestTrace } from '../http/request-trace.ts'
import { sendReply } from '../http/send-reply.ts'
import type { Metrics } from '../observability/metrics.ts'
import { openContext, type RequestContext } from '../routing/request-context.ts'
import type { Denials } from './denials.ts'
import type { RequestAudit } from './request-audit.ts'
import { finishTrace } from './traced-steps.ts'

/**
 * The only place where a reply becomes bytes, and the only one that triggers audit and metrics: when the response has
 * finished or its connection has closed, with what the client received.
 */
export interface Responder {
  /** Takes a request that has just arrived. It is recorded when its response has finished, whoever writes that. */
  open(transport: Transport): RequestContext
  send(context: RequestContext, transport: Transport, reply: Reply): void
  /** Replies to an error of whatever step. A response that has begun is cut off, so that nobody takes it for whole. */
  deny(context: RequestContext, transport: Transport, error: unknown, replyTo?: Denials['replyTo']): void
  /** Records a connection that now speaks another protocol: its response was the 101. */
  upgraded(context: RequestContext, transport: Transport): void
  /** Replies to bytes that were no request, and closes: nobody knows where the next request would begin. */
  refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void
}

export interface ResponderDeps {
  readonly clientAddress: ClientAddress
  readonly denials: Denials
  /** Security headers of every reply that does not set them itself. */
  readonly baseHeaders: Readonly<Record<string, string>>
  readonly audit: RequestAudit
  readonly metrics: Pick<Metrics, 'began' | 'request' | 'upgraded' | 'refused'>
  /** Told of each denial, for the administration console. Returns at once and never throws. */
  readonly onDenied?: (context: RequestContext, denial: Refusal) => void
  /** Begins the trace of a request; absent where tracing is off. */
  readonly openTrace?: ((head: RequestHead) => RequestTrace | undefined) | undefined
}

export function buildResponder(deps: ResponderDeps): Responder {
  const { clientAddress, denials, baseHeaders, audit, metrics, onDenied, openTrace } = deps

  function send(context: RequestContext, transport: Transport, reply: Reply): void {
    const { response } = transport
    if (response.headersSent || response.destroyed) {
      if (response.closed) recordLate(context)
      response.destroy()
      return
    }
    const headers = { base: baseHeaders, added: context.responseHeaders, requestId: context.head.requestId }
    context.sentBytes += sendReply(transport, reply, headers)
  }

  /** What a request changed after its client had left, and so after it was recorded. */
  function recordLate(context: RequestContext): void {
    if (context.occurrence === context.recorded) return
    context.recorded = context.occurrence
    audit.finished(context, { status: undefined, milliseconds: performance.now() - context.startedAt, isWhole: false })
  }

  function count(context: RequestContext, request: IncomingMessage, status: number | undefined, seconds: number): void {
    context.isCounted = true
    metrics.request({
      route: labelOf(context),
      // Forward auth is a request of its own, whatever it asks about.
      method: request.method ?? '',
      status,
      seconds,
      receivedBytes: context.receivedBytes || receivedBytes(request),
      sentBytes: context.sentBytes,
      project: context.admission?.project,
    })
  }

  function record(context: RequestContext, { request }: Transport, status: number | undefined, isWhole: boolean): void {
    const { denial, startedAt } = context
    const milliseconds = performance.now() - startedAt
    if (!context.isCounted) count(context, request, status, milliseconds / 1000)
    finishTrace(context, status, isWhole)
    if (denial !== undefined) {
      metrics.refused(denial.reason)
      onDenied?.(context, denial)
    }
    context.recorded = context.occurrence
    audit.finished(context, { status, milliseconds, isWhole })
  }

  return {
    open({ request, response }) {
      const head = readRequestHead(request, clientAddress)
      const context = openContext(head, openTrace?.(head))
      metrics.began()
      response.on('close', () => {
        const status = response.headersSent ? response.statusCode : undefined
        record(context, { request, response }, status, response.writableFinished)
      })
      return context
    },
    send,
    deny(context, transport, error, replyTo = denials.replyTo) {
      const denial = error instanceof Refusal ? error : new Refusal('internal', 'unexpected error', { cause: error })
      context.denial = denial
      send(context, transport, replyTo(context, denial))
    },
    upgraded(context, transport) {
      record(context, transport, 101, true)
      transport.request.socket.once('close', metrics.upgraded(labelOf(context)))
    },
    refuseUnparsed(error, socket) {
      const current = responseOn(socket)
      // The pipeline denied the same bytes first: its response is complete, and no other follows.
      if (current !== undefined && isWritten(current)) return endAndLinger(socket)
      if (!socket.writable || error.code === 'ECONNRESET' || current !== undefined) {
        socket.destroy()
        return
      }
      const denial = new Refusal(PARSER_REASONS[error.code ?? ''] ?? 'request-malformed', `parser: ${error.code}`)
      socket.end(unparsedResponse(denial))
      metrics.began()
      metrics.request({ ...UNPARSED, status: denial.status })
      metrics.refused(denial.reason)
      audit.unparsed(socket.remoteAddress ?? 'unknown', randomUUID(), denial)
    },
  }
}

/** Label of the metrics: bounded by the configuration and the gateway's own endpoints. */
const labelOf = ({ endpoint, route }: RequestContext) => endpoint ?? route?.name

/** Of a body that nobody counted: what its head announced, where all of it arrived. */
function receivedBytes({ headers, complete }: IncomingMessage): number {
  const length = headers['content-length']
  return length !== undefined && complete ? Number(length) || 0 : 0
}

/** Bytes that were no request have neither method nor route. */
const UNPARSED = { ...{ route: undefined, method: '', seconds: 0, receivedBytes: 0 }, sentBytes: 0, project: undefined }

const PARSER_REASONS: Record<string, Reason> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** The response on this connection that has begun, if any. */
function responseOn(socket: Socket): ServerResponse | undefined {
  const current: unknown = Reflect.get(socket, '_httpMessage')
  return current instanceof ServerResponse && current.headersSent ? current : undefined
}

function unparsedResponse({ reason, status }: Refusal): string {
  const body = JSON.stringify({ title: REASONS[reason].text, status, reason })
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
