import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import { ALPHA, BETA } from '../../../../../infra/issuer/users.ts'
import type { CollectedSpan } from '../../../../../infra/parts/otlp-spans.ts'
import { type Kit, signedInBrowser, startKit } from '../../../../kit.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../../../../otlp-receiver.ts'

/** What the spans of a request say, and what they never say. The peer is a trusted proxy here. */

let receiver: OtlpReceiver
let kit: Kit
let cookie = ''

before(async () => {
  receiver = await startOtlpReceiver()
  const tracing = {
    endpoint: receiver.url,
    sampleRatio: 1,
    exportIntervalMs: 100,
    serviceName: 'edge',
    headers: { 'x-api-key': 'key-of-the-receiver' },
    resourceAttributes: { 'deployment.environment.name': 'test' },
  }
  const log = { requests: 'all' }
  kit = await startKit({
    config: { observability: { tracing }, log, server: { trustedProxies: ['127.0.0.1/32'] } },
    routes: [
      { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
      { name: 'ops', app: 'generic', path: '/ops', access: 'admin' },
      { name: 'down', app: 'generic', path: '/down', access: 'login', upstream: 'http://127.0.0.1:1' },
      { name: 'tracking', app: 'mlflow', path: '/tracking', access: 'project' },
      { name: 'airflow', app: 'airflow', path: '/airflow', access: 'project' },
    ],
  })
  cookie = (await signedInBrowser(kit, 'bob')).cookieHeader(new URL(kit.url))
})
after(async () => {
  await kit.close()
  await receiver.close()
})
beforeEach(() => {
  kit.logged.length = 0
})

let sent = 0
/** Sends a request in a trace of its own. */
async function ask(path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  sent += 1
  const traceId = sent.toString(16).padStart(32, 'a')
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
  const all = { cookie, traceparent, ...headers }
  const response = await fetch(kit.url + path, { redirect: 'manual', ...init, headers: all })
  const body = await response.text()
  return { traceId, status: response.status, body }
}

const spansOfTrace = (traceId: string) =>
  receiver.until((spans) => {
    const own = spans.filter((span) => span.traceId === traceId)
    return own.some(({ kind }) => kind === 2) ? own : undefined
  })

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name)
  assert.equal(found.length, 1, `one span named ${name}, got ${spans.map((span) => span.name)}`)
  return found[0] as CollectedSpan
}

test('a request is a server span with authenticate, decide and the upstream request below it', async () => {
  const { traceId, status } = await ask(`/notes/a?projectId=${ALPHA}&q=1`)
  assert.equal(status, 200)
  const spans = await spansOfTrace(traceId)
  const server = named(spans, 'GET /notes/*')
  assert.equal(server.kind, 2)
  assert.equal(server.parentSpanId, '00f067aa0ba902b7')
  assert.equal(server.service, 'edge')
  assert.equal(server.status, 0)
  const { 'http.response.body.size': size, 'modelops.request.id': requestId, ...attributes } = server.attributes
  assert.ok(Number(size) > 0 && requestId !== undefined)
  const { hostname, port } = new URL(kit.url)
  assert.deepEqual(attributes, {
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'http.route': '/notes/*',
    'url.path': '/notes/a',
    'url.scheme': 'http',
    'server.address': hostname,
    'server.port': Number(port),
    'client.address': '127.0.0.1',
    'network.peer.address': '127.0.0.1',
    'network.protocol.version': '1.1',
    'modelops.route': 'notes',
    'modelops.project.id': ALPHA,
    'modelops.role': 'editor',
    'modelops.reason': 'project-member',
  })
  const below = spans.filter((span) => span !== server)
  assert.deepEqual(below.map(({ name }) => name).toSorted(), ['GET', 'authenticate', 'decide'])
  for (const span of below) assert.equal(span.parentSpanId, server.spanId)
  const upstream = named(spans, 'GET')
  assert.equal(upstream.kind, 3)
  assert.equal(upstream.attributes['http.response.status_code'], 200)
  assert.equal(upstream.attributes['url.full'], `${kit.upstream.url}/notes/a`)
  assert.deepEqual(kit.upstream.lastValues('traceparent'), [`00-${traceId}-${upstream.spanId}-01`])
  assert.match(receiver.bodies.join(), /"deployment.environment.name"/)
  assert.equal(receiver.headers.at(-1)?.['x-api-key'], 'key-of-the-receiver')
})

test('a denial is not an error, and says its reason', async () => {
  const { traceId, status } = await ask(`/notes/a?projectId=${BETA}`)
  assert.equal(status, 403)
  const server = named(await spansOfTrace(traceId), 'GET /notes/*')
  assert.equal(server.status, 0)
  assert.equal(server.attributes['modelops.reason'], 'not-in-project')
  assert.equal(server.attributes['modelops.project.id'], undefined)
})

test('an upstream that is down is an error of both spans', async () => {
  const { traceId, status } = await ask('/down/a')
  assert.equal(status, 502)
  const spans = await spansOfTrace(traceId)
  const [server, upstream] = [named(spans, 'GET /down/*'), named(spans, 'GET')]
  assert.deepEqual([server.status, server.attributes['error.type']], [2, 'upstream-down'])
  assert.deepEqual([upstream.status, upstream.attributes['error.type']], [2, 'upstream-down'])
})

test('credentials that are not valid end the step that reads them', async () => {
  const { traceId, status } = await ask('/notes/a', { cookie: '', authorization: 'Bearer nonsense' })
  assert.equal(status, 401)
  const step = named(await spansOfTrace(traceId), 'authenticate')
  assert.deepEqual([step.status, step.attributes], [0, { 'modelops.reason': 'token-invalid' }])
})

test('health checks are not traced', async () => {
  const { traceId } = await ask('/healthz')
  await spansOfTrace((await ask('/notes/a')).traceId)
  assert.equal(receiver.spans().filter((span) => span.traceId === traceId).length, 0)
})

for (const [what, path, headers] of [
  ['problem details', '/ops/a', {}],
  ["MLflow's error format", `/tracking/api/2.0/mlflow/experiments/search?projectId=${BETA}`, {}],
  ["Airflow's error format", `/airflow/api/v2/dags?projectId=${BETA}`, {}],
  ['the page', `/notes/a?projectId=${BETA}`, { accept: 'text/html', 'sec-fetch-mode': 'navigate' }],
] as const) {
  test(`${what} shows the trace ID, and the audit line has it`, async () => {
    const { traceId, status, body } = await ask(path, headers)
    assert.ok(status >= 400, String(status))
    if (body.startsWith('{')) assert.equal(JSON.parse(body).trace_id, traceId)
    else assert.match(body, new RegExp(`<dt>Trace ID</dt><dd><code>${traceId}</code></dd>`))
    const lines = kit.logged.filter((line) => line.request_id !== undefined)
    assert.deepEqual([...new Set(lines.map((line) => line.trace_id))], [traceId])
  })
}

test('the lines of a sign-in have the trace ID', async () => {
  await signedInBrowser(kit, 'bob')
  const login = kit.logged.find(({ event }) => event === 'login')
  assert.match(String(login?.trace_id), /^[0-9a-f]{32}$/)
})

test('a refresh is a span of the request that it begins with', async (t) => {
  const browser = await signedInBrowser(kit, 'alice')
  t.after(() => {
    kit.clock.ahead = 0
  })
  kit.clock.ahead = 3_600_000 - 30_000
  const own = { cookie: browser.cookieHeader(new URL(kit.url)) }
  const { traceId } = await ask('/auth/session', own)
  const refresh = await receiver.until((spans) =>
    spans.find((span) => span.traceId === traceId && span.name === 'refresh'),
  )
  const server = named(await spansOfTrace(traceId), 'GET /auth/session')
  assert.equal(refresh.parentSpanId, server.spanId)
})

test('no span contains a cookie, a token, a query or a body, wherever the secret is', async () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{24}$/)
  const places = fc.constantFrom('cookie', 'authorization', 'basic', 'query', 'body', 'header', 'fragment-of-baggage')
  const secrets: string[] = []
  await fc.assert(
    fc.asyncProperty(secret, places, async (value, place) => {
      secrets.push(value)
      const headers: Record<string, string> = {}
      if (place === 'cookie') headers.cookie = `${cookie}; other=${value}; modelops_gateway=${value}`
      if (place === 'authorization') headers.authorization = `Bearer ${value}`
      if (place === 'basic') headers.authorization = `Basic ${Buffer.from(`u:${value}`).toString('base64')}`
      if (place === 'basic') secrets.push(headers.authorization?.slice(6) ?? '')
      if (place === 'header') Object.assign(headers, { 'x-secret': value, 'user-agent': value, referer: value })
      if (place === 'fragment-of-baggage') headers.baggage = `key=${value}`
      const query = place === 'query' ? `?code=${value}&x=${value}` : ''
      const init = place === 'body' ? { method: 'POST', body: `password=${value}` } : {}
      for (const path of ['/notes/a', '/ops/a', '/auth/callback', '/tracking/x'])
        await ask(path + query, { origin: kit.url, ...headers }, init)
    }),
    { numRuns: 30 },
  )
  await spansOfTrace((await ask('/notes/last')).traceId)
  const exported = receiver.bodies.join('\n')
  for (const value of secrets) assert.ok(!exported.includes(value), value)
  const [, session = ''] = /modelops_gateway=([^;]+)/.exec(cookie) ?? []
  assert.ok(session.length > 40 && !exported.includes(session))
  assert.ok(!exported.includes('key-of-the-receiver'))
})
