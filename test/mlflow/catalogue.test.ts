import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureMlflow, type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { CATALOGUES, type CatalogueFile } from '../../src/gateway/apps/mlflow/catalogue.ts'

/** The installed MLflow against its committed catalogue: an upgrade must not open a hole in silence. */
const SCRIPT = join(import.meta.dirname, '..', '..', 'infra', 'mlflow', 'catalogue.py')
let dir: string
let mlflow: Mlflow

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlflow-catalogue-'))
  mlflow = await startMlflow({ dir })
})
after(async () => {
  await mlflow.close()
  await rm(dir, { recursive: true, force: true })
})

async function committed(): Promise<CatalogueFile> {
  const version = await (await fetch(`${mlflow.url}/version`)).text()
  const file = Object.entries(CATALOGUES).find(([minor]) => version.startsWith(`${minor}.`))?.[1]
  assert.ok(file, `MLflow ${version} has no catalogue: run infra/mlflow/catalogue.py and read what it lists`)
  return file
}

test('every route of the installed MLflow is in a class, and in the class that is committed', async () => {
  const python = join(await ensureMlflow(), 'bin', 'python')
  const { stdout } = await promisify(execFile)(python, [SCRIPT]) // fails when a route is in no class
  assert.deepEqual(JSON.parse(stdout), await committed())
})

test('a route that no rule names is in no class', async () => {
  const python = join(await ensureMlflow(), 'bin', 'python')
  const code = `import sys; sys.path.insert(0, ${JSON.stringify(join(SCRIPT, '..'))}); import catalogue
print(catalogue.classify("GET", "/api/3.0/mlflow/brand-new"), catalogue.classify("POST", "/brand-new"))`
  const { stdout } = await promisify(execFile)(python, ['-c', code])
  assert.equal(stdout.trim(), 'unclassified unclassified')
})
