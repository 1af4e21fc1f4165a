import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { ensureRelease, MLFLOW_RELEASES, type MlflowRelease } from '../../infra/parts/mlflow-release.ts'
import { CATALOGUES } from '../../src/gateway/apps/mlflow/catalogue/catalogue.ts'

/** Each release against its committed catalogue: an upgrade must not open a hole in silence. */
const GENERATOR = join(import.meta.dirname, '..', '..', 'infra', 'mlflow')
let dir: string

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlflow-catalogue-'))
  await cp(join(GENERATOR, 'catalogue'), join(dir, 'catalogue'), { recursive: true })
})
after(() => rm(dir, { recursive: true, force: true }))

/** Runs the generator with decisions that `change` makes of the committed ones. */
async function generate(release: MlflowRelease, change: (file: string, text: string) => string = (_, text) => text) {
  await rm(join(dir, 'decisions'), { recursive: true, force: true })
  await cp(join(GENERATOR, 'decisions'), join(dir, 'decisions'), { recursive: true })
  for (const each of MLFLOW_RELEASES) {
    const file = join(dir, 'decisions', `${each}.yaml`)
    await writeFile(file, change(each, await readFile(file, 'utf8')))
  }
  const python = join(await ensureMlflow(), 'bin', 'python')
  const env = { ...process.env, ...(await ensureRelease(release)) }
  const options = { env, maxBuffer: 2 ** 24 }
  return await promisify(execFile)(python, [join(dir, 'catalogue')], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}
const without = (part: string) => (_: string, text: string) => {
  const lines = text.split('\n').filter((line) => !line.includes(part))
  return lines.join('\n')
}

for (const release of MLFLOW_RELEASES) {
  test(`every route of the installed MLflow is in a class, and so is every field, as it is committed: ${release}`, async () => {
    const { code, stdout, stderr } = await generate(release)
    assert.equal(stderr, '')
    assert.equal(code, 0)
    assert.deepEqual(JSON.parse(stdout), CATALOGUES[release])
  })
}

test('a route that nobody has decided fails the build, and the missing decision is named', async () => {
  const { code, stdout, stderr } = await generate('3.17', without('/mlflow/runs/restore'))
  assert.equal(code, 1)
  assert.match(
    stderr,
    /undecided route: POST \/\{,ajax-\}api\/2\.0\/mlflow\/runs\/restore: who may use it\? use: viewer/,
  )
  assert.doesNotMatch(stdout, /runs\/restore/)
})

test('so does a field', async () => {
  const { code, stderr } = await generate('3.17', (_, text) => text.replace('checked model: [model_id] }', '}'))
  assert.equal(code, 1)
  assert.match(stderr, /undecided field: \w+\.model_id: does it name anything of a project\?/)
})

test('a new release inherits what was decided, and nothing else', async () => {
  const { code, stderr } = await generate('3.18', (file, text) => (file === '3.18' ? 'routes: {}\nshapes: {}\n' : text))
  assert.equal(code, 1)
  assert.match(stderr, /undecided route: GET \/\{,ajax-\}api\/3\.0\/mlflow\/skills:/)
  assert.match(stderr, /undecided field: issues\.CreateIssue\.issue_id/)
  assert.doesNotMatch(stderr, /log-metric|LogMetric/)
})

/** No rule decides about a family: these paths look like others and are in no file. */
const INVENTED = `
import sys
sys.path.insert(0, sys.argv[1])
from decisions import apply, decisions_until
decisions = decisions_until("3.18")
decisions.errors.clear()
routes = {"POST /{,ajax-}api/2.0/mlflow/runs/move-to-workspace": {}, "GET /{,ajax-}api/3.0/mlflow/gateway/secrets-export": {}}
result = apply(routes, {}, decisions)
print(sum(len(result[use]) for use in ("viewer", "editor", "admin", "denied")))
print("\\n".join(error for error in decisions.errors if error.startswith("undecided")))
`
test('a route that resembles others is decided by none of them', async () => {
  const python = join(await ensureMlflow(), 'bin', 'python')
  const { stdout } = await promisify(execFile)(python, ['-c', INVENTED, join(GENERATOR, 'catalogue')])
  const [count, ...errors] = stdout.trim().split('\n')
  assert.equal(count, '0')
  assert.match(errors.join(), /runs\/move-to-workspace: who may use it.*gateway\/secrets-export: who may use it/)
})
