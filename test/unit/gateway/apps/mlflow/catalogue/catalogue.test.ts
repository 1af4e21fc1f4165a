import assert from 'node:assert/strict'
import test from 'node:test'
import { CATALOGUES, type CatalogueFile } from '../../../../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { mlflowSettings } from '../../../../../../src/gateway/config/schema.ts'
import type { Use } from '../../../../../../src/gateway/policy/types.ts'
import { classifierOf } from '../classifier.ts'

const table: [string, Use][] = [
  ['GET /', 'read'],
  ['HEAD /', 'read'],
  ['GET /static-files/static/js/main.c2f5f8d4.js', 'read'],
  ['GET /api/2.0/mlflow/runs/get', 'read'],
  ['POST /api/2.0/mlflow/runs/search', 'read'],
  ['POST /ajax-api/2.0/mlflow/runs/search', 'read'],
  ['POST /graphql', 'read'],
  ['GET /api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/model/MLmodel', 'read'],
  ['GET /ajax-api/3.0/mlflow/workspaces', 'read'],
  ['POST /api/2.0/mlflow/runs/create', 'write'],
  ['PUT /api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/a;b.txt', 'write'],
  ['PATCH /api/3.0/mlflow/traces/tr-1/tags', 'write'],
  ['POST /v1/traces', 'write'],
  ['POST /gateway/gemini/v1beta/models/mine:generateContent', 'write'],
  ['POST /gateway/my-endpoint/mlflow/invocations', 'write'],
  ['POST /api/3.0/mlflow/workspaces', 'admin'],
  ['DELETE /api/3.0/mlflow/workspaces/default', 'admin'],
  ['POST /api/2.0/mlflow/webhooks', 'admin'],
  ['GET /ajax-api/3.0/mlflow/gateway/secrets/list', 'admin'],
  ['POST /ajax-api/3.0/mlflow/assistant/message', 'denied'],
  ['GET /ajax-api/2.0/mlflow/gateway-proxy', 'denied'],
  ['GET /build/index.html', 'denied'],
  // in no catalogue at all
  ['GET /metrics', 'denied'],
  ['GET /signup', 'denied'],
  ['GET /static-files', 'denied'],
  ['GET /static-files/', 'denied'],
  ['GET /api/2.0/mlflow/runs/get/', 'denied'],
  ['GET /API/2.0/mlflow/runs/get', 'denied'],
  ['GET /api/4.0/mlflow/runs/get', 'denied'],
  ['DELETE /api/2.0/mlflow-artifacts/artifacts/', 'denied'],
  ['GET /api/2.0/mlflow/runs/create', 'denied'],
  ['PATCH /api/2.0/mlflow/runs/create', 'denied'],
  ['OPTIONS /api/2.0/mlflow/runs/get', 'denied'],
  ['get /api/2.0/mlflow/runs/get', 'denied'],
  ['POST /gateway/a/b/mlflow/invocations', 'denied'],
  ['POST /ajax-api/3.0/mlflow/demo/generate', 'denied'],
]

for (const [version, file] of Object.entries(CATALOGUES)) {
  const classify = classifierOf(file)
  for (const [request, use] of table) {
    const [method = '', path = ''] = request.split(' ')
    test(`MLflow ${version}: ${request} is ${use}`, () => assert.equal(classify(method, path), use))
  }
}

test('a route that only the newer release has is denied on the older one', () => {
  const skills = (file: CatalogueFile) => classifierOf(file)('GET', '/api/3.0/mlflow/skills')
  assert.equal(skills(CATALOGUES['3.17']), 'denied')
  assert.equal(skills(CATALOGUES['3.18']), 'admin')
})

test('the strictest class counts where two patterns match one path', () => {
  const file = { mlflow: '0', viewer: ['GET /a/{x...}'], editor: [], admin: ['GET /a/{x}/secret'], denied: [] }
  const classify = classifierOf(file)
  assert.equal(classify('GET', '/a/b/c'), 'read')
  assert.equal(classify('GET', '/a/b/secret'), 'admin')
})

test('literal characters of a path are no pattern', () => {
  const classify = classifierOf({ mlflow: '0', viewer: ['GET /a.b/{x}:run'], editor: [], admin: [], denied: [] })
  assert.equal(classify('GET', '/a.b/1:run'), 'read')
  assert.equal(classify('GET', '/aXb/1:run'), 'denied')
})

test('every release that the configuration accepts has a catalogue, and the newest is the default', () => {
  assert.deepEqual(Object.keys(CATALOGUES), mlflowSettings.shape.version.unwrap().options)
  assert.equal(mlflowSettings.parse({}).version, Object.keys(CATALOGUES).at(-1))
  for (const [version, file] of Object.entries(CATALOGUES)) assert.ok(file.mlflow.startsWith(`${version}.`))
})
