import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ISOLATION_RESULTS } from '../../infra/docs/airflow-isolation.ts'
import { ensureAirflow } from '../../infra/parts/airflow.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { run } from '../../infra/parts/run.ts'

test('the auth manager keeps projects apart on a real Airflow (pytest)', { timeout: 1_200_000 }, async () => {
  const venv = await ensureAirflow()
  const home = mkdtempSync(join(tmpdir(), 'airflow-pytest-'))
  const results = join(home, 'isolation.json')
  try {
    const result = await run(join(venv, 'bin', 'python'), ['-m', 'pytest', '--basetemp', join(home, 'tests')], {
      cwd: join(checkout, 'infra', 'airflow', 'auth-manager'),
      env: { AIRFLOW_HOME: home, PYTHONDONTWRITEBYTECODE: '1', ISOLATION_RESULTS: results },
    })
    assert.ok(result.ok, result.tail)
    const found = readFileSync(results, 'utf8')
    if (process.env.WRITE) writeFileSync(join(checkout, ISOLATION_RESULTS), found)
    const published = readFileSync(join(checkout, ISOLATION_RESULTS), 'utf8')
    assert.deepEqual(
      JSON.parse(found),
      JSON.parse(published),
      'run again with WRITE=1, then `npm run format` and `npm run docs`, to publish these results',
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
