import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientPackage, ensureMlflowClient } from '../../infra/parts/mlflow-client.ts'
import { run } from '../../infra/parts/run.ts'

test('the Python package passes its own tests, installed as pip does it, beside the real MLflow client', async () => {
  const { python, pythonPath } = await ensureMlflowClient()
  const { ok, tail } = await run(python, ['-B', '-m', 'pytest', '-q'], {
    cwd: clientPackage,
    env: { PYTHONPATH: pythonPath, MLFLOW_DISABLE_TELEMETRY: 'true' },
  })
  assert.ok(ok, tail)
  assert.match(tail, /^\d+ passed/m)
})
