import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { startAirflow } from '../../infra/parts/airflow.ts'
import { startBackground } from '../../infra/parts/background.ts'
import { ensureTracingCaddy } from '../../infra/parts/caddy-tracing.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { type OtelCollector, startOtelCollector } from '../../infra/parts/otel-collector.ts'
import type { CollectedSpan } from '../../infra/parts/otlp-spans.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { ensureTracingOverlay } from '../../infra/parts/tracing-overlay.ts'
import { signedInBrowser, startGateway } from '../kit.ts'

/**
 * One trace through all hops: a real Caddy that traces, the gateway, and a real MLflow and a real Airflow under
 * OpenTelemetry's instrumentation for Python, collected by a real OpenTelemetry Collector. The Caddyfile is the guide's.
 */

const GUIDE = readFileSync(join(checkout, 'docs', 'guides', 'operate', 'tracing.md'), 'utf8')
/** What somebody outside sends: it must appear nowhere. */
const FOREIGN = { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01', baggage: 'user=mallory' }
const REQUEST_SECRET = 'a request secret of the tests, 32 or more'

const folder = mkdtempSync(join(tmpdir(), 'tracing-'))
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
let collector: OtelCollector
let url = ''
let cookie = ''

before(async () => {
  collector = await startOtelCollector()
  closing.push(() => collector.close())
  const [port, gatewayPort] = [await freePort(), await freePort()]
  url = `http://localhost:${port}`
  const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url] })
  closing.push(() => issuer.close())
  const [mlflow, airflow] = await Promise.all([startTracedMlflow(), startTracedAirflow(issuer.url)])
  const gateway = await startGateway({
    port: gatewayPort,
    issuerUrl: issuer.url,
    upstream: mlflow.url,
    config: {
      server: { publicUrl: url, trustedProxies: ['127.0.0.1/32', '::1/128'] },
      // None of its own: what is recorded here, Caddy decided.
      observability: { tracing: { endpoint: collector.url, sampleRatio: 0, exportIntervalMs: 100 } },
    },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
      { ...AIRFLOW_ROUTE, upstream: airflow.url },
    ],
  })
  closing.push(() => gateway.close())
  await startTracedCaddy(port, gatewayPort)
  cookie = (await signedInBrowser({ url }, 'bob')).cookieHeader(new URL(url))
})
after(async () => {
  for (const close of closing.toReversed()) await close()
})

const AIRFLOW_ROUTE = {
  ...{ name: 'airflow', app: 'airflow', path: '/airflow', access: 'member' },
  airflow: { login: 'assertion', requestSecret: REQUEST_SECRET },
}

/** The environment in which `opentelemetry-instrument` starts a program. */
async function instrumented(service: string, ...pythonPath: string[]): Promise<Record<string, string>> {
  const overlay = await ensureTracingOverlay()
  const site = join(overlay, 'opentelemetry', 'instrumentation', 'auto_instrumentation')
  return {
    PYTHONPATH: [site, overlay, ...pythonPath].join(delimiter),
    OTEL_SERVICE_NAME: service,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  }
}

async function startTracedMlflow() {
  const mlflow = await startMlflow({ dir: join(folder, 'mlflow'), env: await instrumented('mlflow') })
  closing.push(() => mlflow.close())
  return mlflow
}

async function startTracedAirflow(issuer: string) {
  const source = (...path: string[]) => join(checkout, 'infra', ...path, 'src')
  const airflow = await startAirflow({
    ...{ dir: join(folder, 'airflow'), gatewayUrl: url, path: '/airflow', login: 'assertion', runs: false },
    bundles: [{ name: 'alpha', team: ALPHA, path: join(checkout, 'test', 'airflow', 'dags', 'alpha') }],
    env: {
      ...(await instrumented('airflow', source('airflow', 'auth-manager'), source('mlflow', 'client'))),
      AIRFLOW__MODELOPS_GATEWAY__OIDC_ISSUER: issuer,
      AIRFLOW__MODELOPS_GATEWAY__REQUEST_SECRET: REQUEST_SECRET,
    },
  })
  closing.push(() => airflow.close())
  return airflow
}

async function startTracedCaddy(port: number, gatewayPort: number): Promise<void> {
  const [, caddyfile = ''] = /```caddyfile\n([\s\S]*?)```/.exec(GUIDE) ?? []
  const file = join(folder, 'Caddyfile')
  const site = caddyfile.replace('https://o.example', url).replace('127.0.0.1:4180', `127.0.0.1:${gatewayPort}`)
  writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${site}`)
  const [, exports = ''] = /```sh\n(export OTEL_SERVICE_NAME=caddy[\s\S]*?)caddy run/.exec(GUIDE) ?? []
  const env = Object.fromEntries([...exports.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
  const caddy = await startBackground({
    name: 'Caddy',
    command: await ensureTracingCaddy(),
    args: ['run', '--config', file, '--adapter', 'caddyfile'],
    env: {
      ...env,
      HOME: folder,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER_ARG: '1',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    },
    logFile: join(folder, 'caddy.log'),
    readyUrl: `http://localhost:${port}/healthz`,
    readySeconds: 30,
  })
  closing.push(() => caddy.close())
}

/** Sends a request through Caddy. Resolves to the spans of its trace, once `services` have all told of it. */
async function traceOf(path: string, services: readonly string[]): Promise<CollectedSpan[]> {
  const response = await fetch(url + path, { headers: { cookie, ...FOREIGN } })
  assert.equal(response.status, 200, await response.text())
  const requestId = response.headers.get('x-request-id')
  for (let i = 0; i < 150; i += 1) {
    const spans = collector.spans()
    const own = spans.find((span) => span.attributes['modelops.request.id'] === requestId)
    const trace = spans.filter((span) => span.traceId === own?.traceId)
    if (services.every((service) => trace.some((span) => span.service === service && span.kind === 2))) return trace
    await sleep(100)
  }
  const seen = collector.spans().map(({ service, name, traceId }) => `${service} ${name} ${traceId}`)
  throw new Error(`the trace of ${path} is not whole:\n${seen.slice(-40).join('\n')}`)
}

function only(spans: readonly CollectedSpan[], what: (span: CollectedSpan) => boolean): CollectedSpan {
  const found = spans.filter(what)
  assert.equal(found.length, 1, JSON.stringify(spans, null, 1))
  return found[0] as CollectedSpan
}

/** Caddy, the gateway and the application, each span the parent of the next one. */
function checkHops(trace: readonly CollectedSpan[], service: string, template: string): CollectedSpan {
  const caddy = only(trace, (span) => span.service === 'caddy')
  const server = only(trace, (span) => span.service === 'modelops-gateway' && span.kind === 2)
  const client = only(trace, (span) => span.service === 'modelops-gateway' && span.kind === 3)
  const application = only(trace, (span) => span.service === service && span.kind === 2)
  assert.equal(caddy.parentSpanId, '')
  assert.equal(caddy.name, 'caddy')
  assert.equal(server.parentSpanId, caddy.spanId)
  assert.equal(server.name, `GET ${template}`)
  assert.equal(client.parentSpanId, server.spanId)
  assert.equal(application.parentSpanId, client.spanId)
  for (const step of ['authenticate', 'decide'])
    assert.equal(only(trace, (span) => span.name === step).parentSpanId, server.spanId)
  return application
}

test('one trace goes through Caddy, the gateway and MLflow', async () => {
  const trace = await traceOf('/mlflow/api/2.0/mlflow/experiments/search?max_results=1', ['caddy', 'mlflow'])
  checkHops(trace, 'mlflow', '/mlflow/*')
  const server = only(trace, (span) => span.attributes['modelops.route'] === 'mlflow')
  assert.equal(server.attributes['modelops.project.id'], ALPHA)
})

test('one trace goes through Caddy, the gateway and Airflow', async () => {
  const trace = await traceOf('/airflow/api/v2/dags', ['caddy', 'airflow'])
  checkHops(trace, 'airflow', '/airflow/*')
})

test('the trace that somebody outside names is nobody’s', () => {
  const [, , foreign] = FOREIGN.traceparent.split('-')
  const spans = collector.spans()
  assert.ok(spans.length > 10)
  assert.deepEqual(
    spans.filter((span) => FOREIGN.traceparent.includes(span.traceId) || span.parentSpanId === foreign),
    [],
  )
})

test('nothing that the collector has contains the session cookie or an assertion', () => {
  const all = JSON.stringify(collector.spans())
  for (const pair of cookie.split('; ')) assert.ok(!all.includes(pair.slice(pair.indexOf('=') + 1)))
  assert.doesNotMatch(all, /eyJ[A-Za-z0-9_-]{20}/)
})
