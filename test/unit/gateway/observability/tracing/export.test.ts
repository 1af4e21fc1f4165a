import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Instruments } from '../../../../../src/gateway/observability/metrics/instruments.ts'
import { buildTraceMetrics } from '../../../../../src/gateway/observability/metrics/trace-metrics.ts'
import {
  BoundedProcessor,
  CountedExporter,
  SpanCounts,
} from '../../../../../src/gateway/observability/tracing/counted-export.ts'
import { startKit } from '../../../../kit.ts'
import { startOtlpReceiver } from '../../../../otlp-receiver.ts'

/** A collector that fails or is slow costs spans, never requests. */

const ROUTES = [{ name: 'open', app: 'generic', path: '/open', access: 'public' }]

const kitFor = (endpoint: string, more = {}) =>
  startKit({
    routes: ROUTES,
    config: { observability: { tracing: { endpoint, sampleRatio: 1, exportIntervalMs: 100, ...more } } },
  })

const metricOf = (exposition: string, result: string) =>
  Number(new RegExp(`modelops_gateway_trace_spans_total\\{result="${result}"\\} (\\d+)`).exec(exposition)?.[1])

test('a collector that is down is logged once, and no request notices', async (t) => {
  const kit = await kitFor('http://127.0.0.1:1')
  t.after(() => kit.close())
  for (let i = 0; i < 20; i += 1) assert.equal((await fetch(`${kit.url}/open/a`)).status, 200)
  const failed = () => kit.logged.filter(({ event }) => event === 'trace-export-failed')
  for (let i = 0; failed().length === 0 && i < 200; i += 1) await new Promise((done) => setTimeout(done, 50))
  for (let i = 0; i < 20; i += 1) assert.equal((await fetch(`${kit.url}/open/a`)).status, 200)
  assert.equal(failed().length, 1)
  assert.equal(failed()[0]?.level, 'warn')
  assert.ok(Number(failed()[0]?.lost) > 0)
  assert.ok(metricOf(await kit.gateway.metrics.registry.metrics(), 'failed') > 0)
})

test('a collector that never responds holds a bounded number of spans, and no request', async (t) => {
  const receiver = await startOtlpReceiver(() => undefined)
  const kit = await kitFor(receiver.url, { queueSpans: 4 })
  t.after(async () => {
    await kit.close()
    await receiver.close()
  })
  for (let i = 0; i < 30; i += 1) assert.equal((await fetch(`${kit.url}/open/a`)).status, 200)
  const dropped = async () => metricOf(await kit.gateway.metrics.registry.metrics(), 'dropped')
  // Each request has more than one span, and four of all of them are kept.
  assert.ok((await dropped()) > 80, String(await dropped()))
  const started = performance.now()
  await kit.gateway.close()
  assert.ok(performance.now() - started < 4500, 'the process does not wait for its collector')
})

test('a process that drains exports what it still has', async () => {
  const receiver = await startOtlpReceiver()
  const kit = await kitFor(receiver.url, { exportIntervalMs: 60_000 })
  await fetch(`${kit.url}/open/last`)
  assert.equal(receiver.spans().length, 0)
  await kit.close()
  assert.ok(receiver.spans().some((span) => span.attributes['url.path'] === '/open/last'))
  await receiver.close()
})

/** An exporter whose callers decide when and how each batch ends. */
function heldExporter(now = () => 0) {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const registry = new Registry()
  const counted = buildTraceMetrics(new Instruments(registry))
  const counts = new SpanCounts({ counted, log, now })
  const batches: { count: number; end: (code: number, error?: Error) => void }[] = []
  const exporter = new CountedExporter(
    {
      export: (spans, done) =>
        void batches.push({ count: spans.length, end: (code, error) => done({ code, ...(error && { error }) }) }),
      shutdown: async () => {},
    },
    counts,
  )
  const span = {} as ReadableSpan
  const inner = { onStart() {}, onEnd: (one: ReadableSpan) => exporter.export([one], () => {}) } as unknown
  const processor = (most: number) => new BoundedProcessor(inner as SpanProcessor, exporter, most, counts)
  return { lines, registry, batches, processor, span }
}

test('spans count until their export has ended, and make room then', async () => {
  const { batches, processor, registry, span } = heldExporter()
  const bounded = processor(2)
  for (let i = 0; i < 5; i += 1) bounded.onEnd(span)
  assert.equal(batches.length, 2)
  batches[0]?.end(0)
  batches[1]?.end(1, new Error('no'))
  bounded.onEnd(span)
  assert.equal(batches.length, 3)
  const text = await registry.metrics()
  assert.deepEqual(
    ['exported', 'failed', 'dropped'].map((result) => metricOf(text, result)),
    [1, 1, 3],
  )
})

test('one line per minute says how many spans were lost since the last one', () => {
  let now = 0
  const { lines, processor, span } = heldExporter(() => now)
  const bounded = processor(0)
  for (let i = 0; i < 10; i += 1) bounded.onEnd(span)
  assert.deepEqual(
    lines.map(({ lost }) => lost),
    [1],
  )
  now = 60_000
  bounded.onEnd(span)
  assert.deepEqual(
    lines.map(({ lost }) => lost),
    [1, 10],
  )
})

// `@opentelemetry/api` alone is loaded by prom-client.
test('a gateway without tracing loads nothing of the OpenTelemetry SDK', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load(url, context, next) { if (/@opentelemetry.(?!api.)/.test(url)) loaded.push(url); return next(url, context) } })
    const { startServer } = await import('./src/gateway/runtime/start.ts')
    const { parseConfig } = await import('./src/gateway/config/load.ts')
    const { buildLog } = await import('./src/gateway/observability/log.ts')
    const config = (observability) => parseConfig(JSON.stringify({
      server: { listen: '127.0.0.1:0', publicUrl: 'http://127.0.0.1:4180', drainSeconds: 0 },
      issuer: { url: 'http://127.0.0.1:1', clientId: 'gateway', clientSecret: 'gateway-secret', audiences: ['a'] },
      session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
      access: { adminGroup: 'admins' },
      projects: { source: 'static', list: [] },
      routes: [{ name: 'a', app: 'generic', path: '/a', access: 'public', upstream: 'http://127.0.0.1:1' }],
      observability,
    }), 'test', {})
    const log = buildLog({ level: 'error' })
    const off = await startServer(config({}), { log })
    const before = loaded.length
    const on = await startServer(config({ tracing: { endpoint: 'http://127.0.0.1:1' } }), { log })
    console.log(JSON.stringify({ before, after: loaded.length }))
    await Promise.all([off.close(), on.close()])
    process.exit(0)`
  const root = new URL('../../../../../', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root })
  const { before, after } = JSON.parse(stdout)
  assert.equal(before, 0)
  assert.ok(after > 10, String(after))
})
