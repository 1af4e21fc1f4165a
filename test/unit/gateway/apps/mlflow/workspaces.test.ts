import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { MlflowApi } from '../../../../../src/gateway/apps/mlflow/mlflow-api.ts'
import { Workspaces } from '../../../../../src/gateway/apps/mlflow/workspaces.ts'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { ALPHA } from './fixtures.ts'

/** An upstream that responds as told, and the request lines it received. */
async function upstream(t: TestContext, respond: (line: string) => { status: number; body?: string }) {
  const asked: string[] = []
  const listener: RequestListener = async (request, response) => {
    const line = `${request.method} ${request.url}`
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push(body ? `${line} ${body}` : line)
    const { status, body: text = '{}' } = respond(line)
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
const isFind = (line: string) => line.startsWith('GET')
const FIND = `GET /api/3.0/mlflow/workspaces/${ALPHA.id}`
const CREATE = `POST /api/3.0/mlflow/workspaces ${JSON.stringify({ name: ALPHA.id, description: 'alpha' })}`

async function refusalOf(workspaces: Workspaces): Promise<Refusal> {
  const error = await workspaces.ensure(ALPHA)?.catch((thrown: unknown) => thrown)
  assert.ok(error instanceof Refusal)
  return error
}

test('a workspace is created before the first request, once for all that wait, and remembered', async (t) => {
  const { url, asked } = await upstream(t, (line) => ({ status: isFind(line) ? 404 : 201 }))
  const workspaces = new Workspaces(new MlflowApi(url), () => 0)
  await Promise.all([workspaces.ensure(ALPHA), workspaces.ensure(ALPHA), workspaces.ensure(ALPHA)])
  assert.equal(workspaces.ensure(ALPHA), undefined)
  assert.deepEqual(asked, [FIND, CREATE])
})

test('a workspace that exists is only looked up, and looked up again after ten minutes', async (t) => {
  const { url, asked } = await upstream(t, () => ({ status: 200 }))
  let now = 0
  const workspaces = new Workspaces(new MlflowApi(url), () => now)
  await workspaces.ensure(ALPHA)
  now = 599_999
  assert.equal(workspaces.ensure(ALPHA), undefined)
  now = 600_000
  await workspaces.ensure(ALPHA)
  assert.deepEqual(asked, [FIND, FIND])
})

test('a workspace that another process made in between is as good', async (t) => {
  const exists = { status: 400, body: '{"error_code":"RESOURCE_ALREADY_EXISTS"}' }
  const { url } = await upstream(t, (line) => (isFind(line) ? { status: 404 } : exists))
  await new Workspaces(new MlflowApi(url), () => 0).ensure(ALPHA)
})

test('an upstream that refuses is told apart in the log, refused with 503 and Retry-After, and called again', async (t) => {
  const disabled = { status: 500, body: '{"error_code":"FEATURE_DISABLED"}' }
  let response: { status: number; body?: string } = disabled
  const { url } = await upstream(t, () => response)
  const workspaces = new Workspaces(new MlflowApi(url), () => 0)
  const refusal = await refusalOf(workspaces)
  assert.equal(refusal.reason, 'upstream-not-ready')
  assert.equal(refusal.headers['Retry-After'], '5')
  assert.match(refusal.message, /returned 500: .*FEATURE_DISABLED/)
  response = { status: 200, body: '{}' }
  await workspaces.ensure(ALPHA)
})

test('a creation that fails is a refusal too, and so is a response that is not JSON', async (t) => {
  const { url } = await upstream(t, (line) => (isFind(line) ? { status: 404 } : { status: 500, body: '<html>' }))
  assert.match((await refusalOf(new Workspaces(new MlflowApi(url), () => 0))).message, /POST .* returned 500/)
})

test('an upstream that cannot be reached is not a project that is being prepared: a refusal with its cause', async () => {
  const refusal = await refusalOf(new Workspaces(new MlflowApi('http://127.0.0.1:1'), () => 0))
  assert.deepEqual([refusal.reason, refusal.headers['Retry-After']], ['upstream-down', '5'])
  assert.equal(Reflect.get(refusal.cause as Error, 'code'), 'ECONNREFUSED')
})

test('an upstream that does not respond in time is told apart too', async (t) => {
  t.mock.method(AbortSignal, 'timeout', () => AbortSignal.abort(new DOMException('late', 'TimeoutError')))
  const refusal = await refusalOf(new Workspaces(new MlflowApi('http://127.0.0.1:1'), () => 0))
  assert.equal(refusal.reason, 'upstream-timeout')
})
