import { ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, type Tracer, trace } from '@opentelemetry/api'
import { RecordedTrace } from './recorded-trace.ts'
import type { TraceIds } from './trace-ids.ts'
import { remoteParent } from './trace-parent.ts'
import type { Tracing } from './tracing.ts'
import { UnrecordedTrace } from './unrecorded-trace.ts'

export interface OpenTraceDeps {
  /** Records every trace that begins here, and keeps the decision of a parent. */
  readonly tracer: Tracer
  readonly ids: TraceIds
  /** Whether the next trace that begins here is recorded. */
  readonly isSampled: () => boolean
  /** Of the public URL, without the colon. */
  readonly scheme: string
}

const SERVER = { kind: SpanKind.SERVER }

/**
 * Begins the trace of each request. A trusted proxy's trace is continued, with its sampling decision. From anybody else a
 * new trace begins: whoever could choose the trace of a request could hide it in another's, or have every request recorded.
 * The decision comes first, so that a request that is not sampled costs the SDK nothing.
 */
export function buildOpenTrace(deps: OpenTraceDeps): Tracing['open'] {
  const { tracer, ids, isSampled } = deps

  return (head, isTrusted) => {
    if (head.target === '/healthz' || head.target === '/readyz') return undefined
    const named = head.headers.traceparent === undefined ? undefined : remoteParent(head.headers)
    if (named !== undefined && isTrusted(head.peerAddress)) {
      if (!isSampledParent(named)) return new UnrecordedTrace(named.traceId, ids, head, isTrusted, named.traceState)
      const span = tracer.startSpan(head.method, SERVER, trace.setSpanContext(ROOT_CONTEXT, named))
      return new RecordedTrace(deps, span, head, isTrusted)
    }
    if (!isSampled()) return new UnrecordedTrace(ids.generateTraceId(), ids, head, isTrusted)
    const span = tracer.startSpan(head.method, SERVER, ROOT_CONTEXT)
    // Where the caller traces too, its trace can still be found from ours.
    if (named !== undefined) span.addLink({ context: named })
    return new RecordedTrace(deps, span, head, isTrusted)
  }
}

const isSampledParent = ({ traceFlags }: SpanContext) => (traceFlags & TraceFlags.SAMPLED) !== 0
