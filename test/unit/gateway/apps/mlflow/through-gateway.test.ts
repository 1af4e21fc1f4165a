import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { freePort } from '../../../../../infra/parts/ports.ts'
import { parseConfig } from '../../../../../src/gateway/config/load.ts'
import { type RunningServer, startServer } from '../../../../../src/gateway/runtime/start.ts'
import { startTokenIssuer, type TokenIssuer } from '../../../../mlflow/token-issuer.ts'
import { type Recorder, startRecorder } from '../../../../recorder.ts'
import { ALPHA, BETA } from './fixtures.ts'

/** What the profile makes of a request on the wire, before an upstream that only records. */
let issuer: TokenIssuer
let upstream: Recorder
let gateway: RunningServer
let authorization: string

before(async () => {
  issuer = await startTokenIssuer()
  upstream = await startRecorder()
  const listen = `127.0.0.1:${await freePort()}`
  const route = (name: string, mlflow: object, origin: string) => ({
    ...{ name, app: 'mlflow', path: `/${name}`, upstream: origin, access: 'project', mlflow },
  })
  const config = {
    server: { listen, publicUrl: `http://${listen}`, drainSeconds: 0 },
    issuer: { url: issuer.url, clientId: 'gateway', clientSecret: 'secret-of-this-test' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'static', list: [ALPHA, BETA] },
    routes: [
      route('mlflow', { maxBodyBytes: 1024, detectRelease: false }, upstream.url),
      route('own', { tenancy: 'instance', instances: { [ALPHA.id]: upstream.url } }, 'http://127.0.0.1:1'),
    ],
  }
  gateway = await startServer(parseConfig(stringify(config), 'test', {}), { log: pino({ level: 'silent' }) })
  authorization = `Bearer ${await issuer.tokenFor('bob', ['project-alpha'])}`
})
after(async () => {
  await gateway.close()
  await Promise.all([upstream.close(), issuer.close()])
})

async function ask(line: string, headers: Record<string, string> = {}, body?: string | Buffer) {
  const [method = '', path = ''] = line.split(' ')
  const response = await fetch(`http://${gateway.address}${path}`, {
    method,
    headers: { authorization, ...headers },
    ...(body !== undefined && { body }),
  })
  const json = (await response.json()) as Record<string, unknown>
  return { status: response.status, json }
}
const last = () => upstream.received.at(-1)

test('the workspace is the project’s, once, whatever the client sends', async () => {
  const spellings = {
    'X-MLFLOW-WORKSPACE': ALPHA.id.toUpperCase(),
    x_mlflow_workspace: BETA.id,
    'X.Mlflow.Workspace': 'x',
  }
  assert.equal((await ask('GET /mlflow/api/2.0/mlflow/runs/get?run_id=1', spellings)).status, 200)
  assert.deepEqual(upstream.lastValues('x-mlflow-workspace'), [ALPHA.id])
  assert.equal(last()?.target, '/api/2.0/mlflow/runs/get?run_id=1')
})

test('the path may name the project, and loses it on the way', async () => {
  await ask(`GET /mlflow/${ALPHA.id}/static-files/a.js`)
  assert.equal(last()?.target, '/static-files/a.js')
  assert.deepEqual(upstream.lastValues('x-mlflow-workspace'), [ALPHA.id])
})

test('MLflow sees its own Host, the caller’s address, and neither Origin nor credentials nor cookies', async () => {
  await ask('POST /mlflow/api/2.0/mlflow/runs/search', {
    origin: 'https://o.example',
    cookie: 'a=1; mlflow-request-header-X=1',
    'x-forwarded-for': '127.0.0.1, 10.0.0.1',
  })
  assert.deepEqual(upstream.lastValues('host'), [new URL(upstream.url).host])
  assert.deepEqual(upstream.lastValues('x-forwarded-for'), ['127.0.0.1'])
  for (const name of ['origin', 'authorization', 'cookie']) assert.deepEqual(upstream.lastValues(name), [], name)
})

test('an MLflow of a project’s own gets that project’s requests, under its own Host and without a workspace', async () => {
  assert.equal((await ask('GET /own/api/2.0/mlflow/runs/get')).status, 200)
  assert.deepEqual(upstream.lastValues('host'), [new URL(upstream.url).host])
  assert.deepEqual(upstream.lastValues('x-mlflow-workspace'), [])
})

test('a checked body is forwarded as it was checked, with its new length', async () => {
  await ask('POST /mlflow/api/2.0/mlflow/runs/set-tag', {}, '{ "key": "mlflow.user", "value": "carol" }')
  assert.equal(last()?.body.toString(), '{"key":"mlflow.user","value":"bob"}')
  assert.deepEqual(upstream.lastValues('content-length'), ['35'])
})

test('what is rewritten on the way back is asked for uncompressed', async () => {
  await ask('GET /mlflow/api/3.0/mlflow/server-info', { 'accept-encoding': 'gzip' })
  assert.deepEqual(upstream.lastValues('accept-encoding'), [])
  await ask('GET /mlflow/version', { 'accept-encoding': 'gzip' })
  assert.deepEqual(upstream.lastValues('accept-encoding'), ['gzip'])
})

test('a compressed export is forwarded as it was checked: decompressed, and without Content-Encoding', async () => {
  const sent = Buffer.from([0x0a, 0x00])
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }
  await ask('POST /mlflow/v1/traces', headers, gzipSync(sent))
  assert.deepEqual(last()?.body, sent)
  assert.deepEqual(upstream.lastValues('content-encoding'), [])
  assert.deepEqual(upstream.lastValues('content-length'), ['2'])
})

test('compressed JSON never reaches MLflow, which would not decompress it', async () => {
  const before = upstream.received.length
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const { status, json } = await ask('POST /mlflow/api/2.0/mlflow/runs/set-tag', headers, gzipSync('{}'))
  assert.deepEqual([status, json.reason], [400, 'body-malformed'])
  assert.equal(upstream.received.length, before)
})

test('a request without a body is forwarded without one', async () => {
  for (const headers of [{}, { 'content-length': '0' }]) {
    const line = 'DELETE /mlflow/api/2.0/mlflow/logged-models/m-1'
    assert.equal((await ask(line, { ...headers })).status, 200)
    assert.equal(last()?.body.length, 0)
  }
})

const refusals: [string, string, string, string][] = [
  [
    'a reserved key',
    '{"key":"mlflow.artifactLocation"}',
    'body-refused',
    'body.key: expected no key that MLflow reserves',
  ],
  ['a repeated name', '{"a":1,"a":2}', 'body-malformed', 'body at character 10: expected every name once'],
  ['too many bytes', `{"a":"${'x'.repeat(1024)}"}`, 'body-too-large', 'too large'],
]
for (const [name, body, reason, words] of refusals) {
  test(`${name} never reaches MLflow, and the client is told what was wrong`, async () => {
    const before = upstream.received.length
    const { status, json } = await ask('PATCH /mlflow/api/3.0/mlflow/traces/tr-1/tags', {}, body)
    assert.deepEqual([status, json.error_code, json.reason], [400, 'INVALID_PARAMETER_VALUE', reason])
    assert.ok(String(json.message).includes(words), String(json.message))
    assert.equal(upstream.received.length, before)
  })
}

test('a path that is denied as malformed is denied in MLflow’s words, whatever is wrong with it', async () => {
  const files = '/mlflow/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts'
  for (const name of ['a%5Cb.txt', 'a%00.txt', 'a%ff.txt', '%2e%2e%5Cb', 'x/..%2fy']) {
    const { status, json } = await ask(`GET ${files}/${name}`)
    assert.deepEqual([status, json.error_code, json.reason], [400, 'INVALID_PARAMETER_VALUE', 'path-ambiguous'], name)
  }
  for (const path of ['/other/a%5Cb', '/%5Cmlflow', '/mlflowx/a%5Cb']) {
    const { json } = await ask(`GET ${path}`)
    assert.deepEqual([json.reason, json.error_code], ['path-ambiguous', undefined], path)
  }
})
