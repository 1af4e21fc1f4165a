import { randomUUID } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import type { Logger } from '../log.ts'
import type { CountSpans } from '../metrics/trace-metrics.ts'
import { BoundedProcessor, CountedExporter, SpanCounts } from './counted-export.ts'
import { buildOpenTrace } from './open-trace.ts'
import { TraceIds } from './trace-ids.ts'
import { FLUSH_MS, type Tracing } from './tracing.ts'

/** `observability.tracing` of the configuration. */
export interface TracingSettings {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Share of the traces that begin here, 0 to 1. */
  readonly sampleRatio: number
  readonly serviceName: string
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly queueSpans: number
  readonly exportIntervalMs: number
}

export interface StartTracingDeps {
  readonly settings: TracingSettings
  /** Of the public URL, without the colon. */
  readonly scheme: string
  readonly version: string
  readonly counted: CountSpans
  readonly log: Logger
}

/** Most spans in one request to the collector. */
const BATCH_SPANS = 512
/** Longest time for one batch, attempts included, ms. */
const EXPORT_MS = 5000
/** Longest value of an attribute, in characters: a path may be as long as a URL. */
const VALUE_LENGTH = 1024

/**
 * Starts the OpenTelemetry SDK. Nothing is registered globally and nothing is instrumented automatically: the gateway
 * begins each span by itself. This module and the SDK are loaded only where tracing is on.
 */
export function startTracing({ settings, scheme, version, counted, log }: StartTracingDeps): Tracing {
  const counts = new SpanCounts({ counted, log, now: () => performance.now() })
  const agent = settings.endpoint.startsWith('https:') ? new HttpsAgent(KEEP_ALIVE) : new HttpAgent(KEEP_ALIVE)
  const exporter = new CountedExporter(
    new OTLPTraceExporter({
      url: `${settings.endpoint.replace(/\/$/, '')}/v1/traces`,
      headers: settings.headers,
      timeoutMillis: EXPORT_MS,
      httpAgentOptions: () => agent,
    }),
    counts,
  )
  const batches = new BatchSpanProcessor(exporter, {
    maxQueueSize: settings.queueSpans,
    maxExportBatchSize: Math.min(BATCH_SPANS, settings.queueSpans),
    scheduledDelayMillis: settings.exportIntervalMs,
    exportTimeoutMillis: EXPORT_MS * 2,
  })
  const ids = new TraceIds()
  // By chance instead of by the ID: the SDK's own would read each ID digit by digit, for every request.
  const isSampled = () => Math.random() < settings.sampleRatio
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      ...settings.resourceAttributes,
      'service.name': settings.serviceName,
      'service.version': version,
      'service.instance.id': randomUUID(),
    }),
    idGenerator: ids,
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new BoundedProcessor(batches, exporter, settings.queueSpans, counts)],
    spanLimits: { attributeValueLengthLimit: VALUE_LENGTH },
  })
  return {
    open: buildOpenTrace({ tracer: provider.getTracer('modelops-gateway', version), ids, isSampled, scheme }),
    async close() {
      // What fails here was counted, like every other failure of the export.
      const flushed = provider.shutdown().catch(() => undefined)
      await Promise.race([flushed, sleep(FLUSH_MS, undefined, { ref: false })])
      agent.destroy()
    },
  }
}

const KEEP_ALIVE = { keepAlive: true, maxSockets: 1 }
