import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { VERSION } from '../../infra/package/python-packages.ts'
import { PREVIOUS_RELEASE } from '../../infra/release/releases.ts'
import { compareSurfaces, unnamedChanges } from '../../infra/surface/compare.ts'

// That `current.txt` is what the program has is a case of test/unit/reference-docs.test.ts: `npm run docs` writes it.
const surface = (name: string) => readFileSync(`test/contract/surface/${name}.txt`, 'utf8')

test('the CHANGELOG names every change of the public surface since the previous release', () => {
  const changes = compareSurfaces(surface(PREVIOUS_RELEASE.version), surface('current'))
  const sentences = unnamedChanges(changes, readFileSync('CHANGELOG.md', 'utf8'), VERSION)
  assert.equal(sentences.join('\n'), '')
})

test('the surface lists what users rely on of every kind', () => {
  const lines = surface('current').split('\n')
  for (const start of [
    'command  serve --config  ',
    'configuration  routes[].upstream  ',
    'core-configuration  encryption.token  ',
    'endpoint  /auth/login  GET',
    'header  x-forwarded-user  written',
    'reason  not-in-project  403',
    'metric  http_server_request_duration_seconds  histogram{method,route,status} ',
    'audit-field  request_id  string',
    'core-operation  POST /api/datasetConnections  ',
    'core-member  Project.groups  array',
    'python-entry-point  mlflow.request_auth_provider:modelops  ',
    'airflow-option  [modelops_gateway] request_secret',
    'npm-module  ./job-env',
  ])
    assert.ok(lines.some((line) => line.startsWith(start)) || lines.includes(start), start)
})
