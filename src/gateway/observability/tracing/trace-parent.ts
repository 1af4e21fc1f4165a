import type { IncomingHttpHeaders } from 'node:http'
import type { SpanContext } from '@opentelemetry/api'
import { parseTraceParent, TraceState } from '@opentelemetry/core'

/** A `traceparent` of version 00 has 55 characters. Later versions may append to it (W3C Trace Context §4), not without end. */
const LONGEST = 256

/**
 * The span that a caller names as the parent of its request. Two `traceparent` fields arrive joined by a comma, which no
 * version permits.
 * @returns undefined where there is none, or one that is malformed
 * @see W3C Trace Context §3.2
 */
export function remoteParent({ traceparent, tracestate }: IncomingHttpHeaders): SpanContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > LONGEST) return undefined
  const parsed = parseTraceParent(traceparent)
  if (parsed === null) return undefined
  const parent: SpanContext = { ...parsed, isRemote: true }
  // Several fields are one list (§3.3.1). The SDK drops a list that is malformed or too long.
  if (tracestate !== undefined) parent.traceState = new TraceState(String(tracestate))
  return parent
}
