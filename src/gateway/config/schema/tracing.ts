import * as z from 'zod'
import { httpUrl } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

/** Bound to the process: the SDK is loaded when it starts, or never. */
export const tracing = z
  .strictObject({
    endpoint: httpUrl
      .refine((url) => !/\/v1\/traces\/?$/.test(url), { error: 'expected the base URL, without /v1/traces' })
      .describe(
        'Base URL of the OTLP receiver (OTLP over HTTP, JSON), e.g. http://127.0.0.1:4318. Spans are sent to /v1/traces below it.',
      ),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe(
        'Share of the traces that begin at the gateway and are recorded, from 0 to 1. A trace that a trusted proxy began keeps its decision.',
      ),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/, 'expected a header name'), z.string())
      .default({})
      .describe('Headers of the requests to the receiver, e.g. its API key.')
      .register(metadata, { secret: true }),
    serviceName: z.string().min(1).max(200).default('modelops-gateway').describe('`service.name` of the spans.'),
    resourceAttributes: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe('More attributes of the process, e.g. `deployment.environment.name: production`.'),
    queueSpans: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(2048)
      .describe('Spans that a process keeps for export. One more is dropped and counted.'),
    exportIntervalMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(5000)
      .describe('How long spans wait for others of their batch, in milliseconds.'),
  })
  .describe('OpenTelemetry traces of the requests. Absent: none, and the OpenTelemetry SDK is not loaded.')
