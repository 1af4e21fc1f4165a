import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'

/** `observability.tracing`: absent is off, and a key for the receiver does not cross a network unencrypted. */

function parse(observability: unknown, server = {}) {
  const raw = {
    server: { publicUrl: 'https://o.example', ...server },
    issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: 'x7-not-a-placeholder' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [] },
    routes: [{ name: 'm', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:5000', access: 'project' }],
    ...(observability === undefined ? {} : { observability }),
  }
  return parseConfig(JSON.stringify(raw), 'gateway.yaml', {}).observability.tracing
}

function errorOf(tracing: unknown, server = {}): ConfigurationError {
  try {
    parse({ tracing }, server)
  } catch (error) {
    if (error instanceof ConfigurationError) return error
  }
  throw new assert.AssertionError({ message: 'expected a ConfigurationError' })
}

test('tracing is off where the configuration does not have it', () => {
  assert.equal(parse(undefined), undefined)
  assert.equal(parse({}), undefined)
})

test('an endpoint alone samples one trace in a hundred', () => {
  assert.deepEqual(parse({ tracing: { endpoint: 'http://collector:4318' } }), {
    ...{ endpoint: 'http://collector:4318', sampleRatio: 0.01, headers: {}, serviceName: 'modelops-gateway' },
    ...{ resourceAttributes: {}, queueSpans: 2048, exportIntervalMs: 5000 },
  })
})

for (const [what, path, tracing] of [
  ['no endpoint', 'endpoint', { sampleRatio: 1 }],
  ['an endpoint that is no URL', 'endpoint', { endpoint: 'collector:4318' }],
  ['the URL of the traces', 'endpoint', { endpoint: 'http://127.0.0.1:4318/v1/traces' }],
  ['a ratio above 1', 'sampleRatio', { endpoint: 'http://127.0.0.1:4318', sampleRatio: 50 }],
  ['a queue of none', 'queueSpans', { endpoint: 'http://127.0.0.1:4318', queueSpans: 0 }],
  ['an unknown key', 'sampler', { endpoint: 'http://127.0.0.1:4318', sampler: 'always' }],
] as const) {
  test(`${what} is rejected`, () => {
    assert.deepEqual(
      errorOf(tracing).errors.map((error) => error.path),
      [`observability.tracing.${path}`],
    )
  })
}

test('headers for the receiver need https outside loopback', () => {
  const headers = { 'x-api-key': 'receiver-key-1' }
  const error = errorOf({ endpoint: 'http://collector:4318', headers })
  assert.deepEqual(
    error.errors.map(({ path }) => path),
    ['observability.tracing.endpoint'],
  )
  for (const endpoint of ['https://collector:4318', 'http://127.0.0.1:4318'])
    assert.equal(parse({ tracing: { endpoint, headers } })?.endpoint, endpoint)
  assert.ok(parse({ tracing: { endpoint: 'http://collector:4318', headers } }, { insecureHttp: true }))
})

test('no message shows a header for the receiver', () => {
  const error = errorOf({ endpoint: 'http://collector:4318', headers: { 'x-api-key': 'receiver-key-1' } })
  const wrong = errorOf({ endpoint: 'http://127.0.0.1:4318', headers: { 'bad name': 'receiver-key-1' } })
  for (const { message } of [error, wrong]) assert.doesNotMatch(message, /receiver-key-1/)
})
