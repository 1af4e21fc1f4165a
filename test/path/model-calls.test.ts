import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA } from '../../infra/issuer/users.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'

/** MLflow sends the headers of a model call on to the provider of the model: what the gateway adds must not be among them. */
let mlflow: Recorder
let kit: Kit
let cookie: string
before(async () => {
  mlflow = await startRecorder()
  const route = { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', upstream: mlflow.url }
  const settings = { tenancy: 'instance', instances: { [ALPHA]: mlflow.url } }
  kit = await startKit({
    routes: [
      { ...route, mlflow: settings },
      { ...route, mlflow: settings, name: 'token', path: '/token', authorization: 'access-token' },
    ],
  })
  cookie = (await signedInBrowser(kit, 'bob')).cookieHeader(new URL(kit.url))
})
after(async () => {
  await kit.close()
  await mlflow.close()
})

const IDENTITY = [
  ...['x-gateway-assertion', 'x-forwarded-user', 'x-forwarded-email', 'x-forwarded-groups', 'aoa-project-id'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'authorization', 'cookie'],
]
const send = (path: string, headers: Record<string, string> = {}) =>
  fetch(kit.url + path, {
    method: 'POST',
    headers: { cookie, origin: kit.url, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'chat', messages: [] }),
  })

for (const route of ['mlflow', 'token'])
  for (const path of [
    '/gateway/openai/v1/chat/completions',
    '/gateway/anthropic/v1/messages',
    '/gateway/proxy/chat/v1/anything',
    '/gateway/chat/mlflow/invocations',
    '/%67ateway/openai/v1/chat/completions',
  ])
    test(`/${route}${path} gives MLflow nothing about the caller to pass on`, async () => {
      assert.equal((await send(`/${route}${path}`, { 'x-forwarded-user': 'mallory' })).status, 200)
      for (const name of IDENTITY) assert.deepEqual(mlflow.lastValues(name), [], name)
      assert.equal(mlflow.lastValues('x-request-id').length, 1)
      assert.doesNotMatch(JSON.stringify(mlflow.received.at(-1)?.headers), /bob|project-alpha|eyJ|mallory/)
    })

test('any other request to MLflow has the identity', async () => {
  assert.equal((await send('/mlflow/api/2.0/mlflow/experiments/search')).status, 200)
  assert.deepEqual(mlflow.lastValues('x-forwarded-user'), ['bob'])
  assert.equal(mlflow.lastValues('x-gateway-assertion').length, 1)
})

test('nobody skips the guardrails of an endpoint', async () => {
  for (const name of ['X-MLflow-Guardrail-Bypass', 'x-mlflow-guardrail-bypass']) {
    assert.equal((await send('/mlflow/gateway/openai/v1/chat/completions', { [name]: '1' })).status, 200)
    assert.deepEqual(mlflow.lastValues(name), [])
  }
})
