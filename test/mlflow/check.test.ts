import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { upstreamErrors } from '../../src/cli/check/upstreams.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'

/** `check --online` against a real MLflow. */
async function pathsOfErrors(upstream: string, route: object): Promise<string[]> {
  const config = {
    server: { publicUrl: 'https://o.example' },
    issuer: { url: 'http://127.0.0.1:1', clientId: 'gateway', clientSecret: 'not-a-placeholder' },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'app', path: '/app', upstream, access: 'project', ...route }],
  }
  const errors = await upstreamErrors(parseConfig(JSON.stringify(config), 'check.yaml', {}))
  return errors.map(({ path }) => path)
}

async function started(t: TestContext, workspaces: boolean): Promise<string> {
  const mlflow = await startMlflow({ dir: mkdtempSync(join(tmpdir(), 'mlflow-check-')), workspaces })
  t.after(() => mlflow.close())
  return mlflow.url
}

test('MLflow with workspaces and of the configured release has no errors; another release or application does', async (t) => {
  const url = await started(t, true)
  assert.deepEqual(await pathsOfErrors(url, { app: 'mlflow', mlflow: { version: '3.17' } }), [])
  assert.deepEqual(await pathsOfErrors(url, { app: 'mlflow' }), [], 'its release is detected')
  assert.deepEqual(await pathsOfErrors(url, { app: 'mlflow', mlflow: { version: '3.18', detectRelease: false } }), [
    'routes.0.mlflow.version',
  ])
  assert.deepEqual(await pathsOfErrors(url, { app: 'airflow' }), ['routes.0.upstream'])
})

test('MLflow without workspaces is found', async (t) => {
  const url = await started(t, false)
  assert.deepEqual(await pathsOfErrors(url, { app: 'mlflow', mlflow: { version: '3.17' } }), ['routes.0.upstream'])
})
