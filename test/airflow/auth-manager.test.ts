import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ensureAirflow } from '../../infra/parts/airflow.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { run } from '../../infra/parts/run.ts'

test('the auth manager keeps projects apart on a real Airflow (pytest)', { timeout: 480_000 }, async () => {
  const venv = await ensureAirflow()
  const home = mkdtempSync(join(tmpdir(), 'airflow-pytest-'))
  try {
    const result = await run(join(venv, 'bin', 'python'), ['-m', 'pytest', '--basetemp', join(home, 'tests')], {
      cwd: join(checkout, 'infra', 'airflow', 'auth-manager'),
      env: { AIRFLOW_HOME: home, PYTHONDONTWRITEBYTECODE: '1' },
    })
    assert.ok(result.ok, result.tail)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
