import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type {
  FinishedRequest,
  RequestTrace,
  TracedUpstreamRequest,
  TraceSpan,
  TraceStep,
} from '../../http/request-trace.ts'
import { isServerError, requestAttributes, requestName, upstreamAttributes } from './attributes.ts'
import { StepSpan, UpstreamSpan } from './spans.ts'
import type { TracedHead, TrustsPeer } from './tracing.ts'

/** What the traces of a process share. */
export interface RecordedTraceDeps {
  readonly tracer: Tracer
  /** Of the public URL, without the colon. */
  readonly scheme: string
}

/** The trace of a sampled request under way: its own span, and one for each step. */
export class RecordedTrace implements RequestTrace {
  readonly traceId: string
  readonly isRecorded = true
  readonly #deps: RecordedTraceDeps
  readonly #span: Span
  readonly #context: Context
  readonly #head: TracedHead
  readonly #isTrusted: TrustsPeer

  constructor(deps: RecordedTraceDeps, span: Span, head: TracedHead, isTrusted: TrustsPeer) {
    this.traceId = span.spanContext().traceId
    this.#deps = deps
    this.#span = span
    this.#context = trace.setSpan(ROOT_CONTEXT, span)
    this.#head = head
    this.#isTrusted = isTrusted
  }

  get isFromProxy(): boolean {
    return this.#isTrusted(this.#head.peerAddress)
  }

  begin(step: TraceStep): TraceSpan {
    return new StepSpan(this.#deps.tracer.startSpan(step, { kind: SpanKind.INTERNAL }, this.#context))
  }

  beginUpstream(request: TracedUpstreamRequest): TraceSpan {
    const options = { kind: SpanKind.CLIENT, attributes: upstreamAttributes(request) }
    const span = this.#deps.tracer.startSpan(request.method, options, this.#context)
    writeContext(request.headers, span)
    return new UpstreamSpan(span)
  }

  writeTo(headers: string[]): void {
    writeContext(headers, this.#span)
  }

  finish(request: FinishedRequest): void {
    if (!this.#span.isRecording()) return
    this.#span.updateName(requestName(request))
    this.#span.setAttributes(requestAttributes(request, this.#deps.scheme))
    if (isServerError(request.status)) this.#span.setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end()
  }
}

/** Names `span` as the parent of what follows. */
function writeContext(headers: string[], span: Span): void {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  headers.push('traceparent', `00-${traceId}-${spanId}-0${traceFlags}`)
  const state = traceState?.serialize()
  if (state) headers.push('tracestate', state)
}
