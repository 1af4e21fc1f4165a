import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ISOLATION_RESULTS, type IsolationRow } from '../../infra/docs/airflow-isolation.ts'
import { ensureAirflow } from '../../infra/parts/airflow.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { run } from '../../infra/parts/run.ts'

const FOLDER = join(checkout, 'infra', 'airflow', 'auth-manager')
/** Files that start several Airflows one after the other: they run beside the others, which share one. */
const APART = ['tests/test_fab.py', 'tests/test_takeover.py', 'tests/test_task_attacks.py']

test('the auth manager keeps projects apart on a real Airflow (pytest)', { timeout: 1_200_000 }, async () => {
  const python = join(await ensureAirflow(), 'bin', 'python')
  const dir = mkdtempSync(join(tmpdir(), 'airflow-pytest-'))
  try {
    const found = await Promise.all([
      pytest(python, join(dir, 'apart'), APART),
      pytest(
        python,
        join(dir, 'shared'),
        APART.map((file) => `--ignore=${file}`),
      ),
    ])
    const rows = found.flat().sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    if (process.env.WRITE) writeFileSync(join(checkout, ISOLATION_RESULTS), JSON.stringify(rows))
    const published = readFileSync(join(checkout, ISOLATION_RESULTS), 'utf8')
    assert.deepEqual(
      rows,
      JSON.parse(published),
      'run again with WRITE=1, then `npm run format` and `npm run docs`, to publish these results',
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** Runs pytest in an Airflow home of its own. Resolves to what the probes found. */
async function pytest(python: string, home: string, args: readonly string[]): Promise<IsolationRow[]> {
  mkdirSync(home)
  const results = join(home, 'isolation.json')
  const result = await run(python, ['-m', 'pytest', '--basetemp', join(home, 'tests'), ...args], {
    cwd: FOLDER,
    env: { AIRFLOW_HOME: home, PYTHONDONTWRITEBYTECODE: '1', ISOLATION_RESULTS: results },
  })
  assert.ok(result.ok, result.tail)
  return JSON.parse(readFileSync(results, 'utf8'))
}

const keyOf = ({ kind, way, mode }: IsolationRow) => `${kind}\n${way}\n${mode}`
