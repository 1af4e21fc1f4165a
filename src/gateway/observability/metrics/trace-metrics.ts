import type { Instruments } from './instruments.ts'

/** What became of a span. `dropped`: the queue was full. */
export type SpanResult = 'exported' | 'failed' | 'dropped'

/** Counts spans by what became of them. */
export type CountSpans = (result: SpanResult, spans: number) => void

export function buildTraceMetrics(instruments: Instruments): CountSpans {
  const spans = instruments.counter('modelops_gateway_trace_spans_total')
  const results = {
    exported: spans.labels({ result: 'exported' }),
    failed: spans.labels({ result: 'failed' }),
    dropped: spans.labels({ result: 'dropped' }),
  }
  return (result, count) => results[result].inc(count)
}
