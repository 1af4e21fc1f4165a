import type { Context } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Logger } from '../log.ts'
import type { CountSpans, SpanResult } from '../metrics/trace-metrics.ts'

/** Longest silence about a collector that stays away, ms: one line per interval, however many spans are lost. */
const LOG_INTERVAL_MS = 60_000

export interface SpanCountsDeps {
  readonly counted: CountSpans
  readonly log: Logger
  /** Milliseconds that only grow. */
  readonly now: () => number
}

/** Counts spans, and says at most once per interval that some were lost. */
export class SpanCounts {
  readonly #deps: SpanCountsDeps
  #lost = 0
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(deps: SpanCountsDeps) {
    this.#deps = deps
  }

  count(result: SpanResult, spans: number, detail?: string): void {
    this.#deps.counted(result, spans)
    if (result !== 'exported') this.#warn(spans, detail ?? 'the queue is full')
  }

  #warn(spans: number, detail: string): void {
    this.#lost += spans
    const now = this.#deps.now()
    if (now - this.#warnedAt < LOG_INTERVAL_MS) return
    const line = { event: 'trace-export-failed', lost: this.#lost, detail }
    this.#deps.log.warn(line, 'spans were lost; requests are not affected. Check observability.tracing.endpoint')
    this.#warnedAt = now
    this.#lost = 0
  }
}

/** An exporter whose outcomes are counted. `settled` is called with the number of spans of each batch, whatever became of it. */
export class CountedExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #counts: SpanCounts
  settled: (spans: number) => void = () => {}

  constructor(exporter: SpanExporter, counts: SpanCounts) {
    this.#exporter = exporter
    this.#counts = counts
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      this.settled(spans.length)
      if (result.code === ExportResultCode.SUCCESS) this.#counts.count('exported', spans.length)
      else this.#counts.count('failed', spans.length, result.error?.message ?? 'the export failed')
      done(result)
    })
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }
}

/** Bounds the spans in memory, those in an export under way included. One more is dropped and counted, never waited for. */
export class BoundedProcessor implements SpanProcessor {
  readonly #processor: SpanProcessor
  readonly #most: number
  readonly #counts: SpanCounts
  #held = 0

  constructor(processor: SpanProcessor, exporter: CountedExporter, most: number, counts: SpanCounts) {
    this.#processor = processor
    this.#most = most
    this.#counts = counts
    exporter.settled = (spans) => {
      this.#held -= spans
    }
  }

  onStart(span: Span, context: Context): void {
    this.#processor.onStart(span, context)
  }

  onEnd(span: ReadableSpan): void {
    if (this.#held >= this.#most) {
      this.#counts.count('dropped', 1)
      return
    }
    this.#held += 1
    this.#processor.onEnd(span)
  }

  forceFlush(): Promise<void> {
    return this.#processor.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#processor.shutdown()
  }
}
