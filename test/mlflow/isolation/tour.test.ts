import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureMlflow } from '../../../infra/parts/mlflow.ts'
import { ensureRelease, MLFLOW_RELEASES, type MlflowRelease } from '../../../infra/parts/mlflow-release.ts'
import { buildRouteFinder, CATALOGUES } from '../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { ALPHA, type Door, type Lab, startLab } from '../lab.ts'

/**
 * Every public function of MLflow's client, straight at MLflow and through the gateway, as an editor and as a viewer:
 * the gateway must not change what comes of it.
 */
for (const release of MLFLOW_RELEASES) describe(`MLflow ${release}`, () => tour(release))

interface Outcome {
  readonly result?: unknown
  readonly error?: string
  /** Why the function could not be called. */
  readonly missing?: string
  readonly setup?: string
  /** `METHOD /path` of what it sent. */
  readonly requests?: readonly string[]
}
type Outcomes = Readonly<Record<string, Outcome>>

function tour(release: MlflowRelease): void {
  let lab: Lab
  let direct: Outcomes
  let editor: Outcomes
  let viewer: Outcomes

  before(async () => {
    lab = await startLab({ release })
    const bob = await lab.through('bob', ALPHA)
    await bob.ask('GET /version')
    direct = await run(lab.direct(ALPHA))
    editor = await run(bob)
    viewer = await run(await lab.through('dave', ALPHA))
  })
  after(() => lab.close())

  async function run(door: Door): Promise<Outcomes> {
    const python = join(await ensureMlflow(), 'bin', 'python')
    const env = {
      ...process.env,
      ...(await ensureRelease(release)),
      ...{
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
        MLFLOW_DISABLE_TELEMETRY: 'true',
        MLFLOW_ENABLE_ASYNC_TRACE_LOGGING: 'false',
      },
      ...door.env,
      SETUP_URI: lab.mlflow.url,
      TOUR_USERS: ['bob', 'dave', process.env.USER ?? 'root', 'root'].join(),
    }
    const options = { env, cwd: lab.dir, maxBuffer: 2 ** 26 }
    const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'tour.py')], options)
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  }

  test('every function could be called: each argument is known, and its objects could be made', () => {
    const failed = Object.entries(direct).filter(([, { missing, setup }]) => missing ?? setup)
    assert.deepEqual(Object.fromEntries(failed), {})
    assert.ok(Object.keys(direct).length > 150)
  })

  test('an editor gets what MLflow says, for every function', () => {
    const changed = Object.keys(direct).filter((name) => !same(direct[name], editor[name]))
    assert.deepEqual(Object.fromEntries(changed.map((name) => [name, [direct[name], editor[name]]])), {})
  })

  test('a viewer gets what MLflow says where a function only reads, and is denied elsewhere', () => {
    const find = buildRouteFinder(CATALOGUES[release])
    const reads = (name: string) =>
      (direct[name]?.requests ?? []).every((line) => {
        const [method = '', path = ''] = line.split(' ')
        return find(method, decodeURIComponent(path))?.use === 'read'
      })
    const wrong = Object.keys(direct).filter((name) =>
      reads(name)
        ? !same(direct[name], viewer[name])
        : !/PERMISSION_DENIED|Forbidden/.test(viewer[name]?.error ?? '') && !same(direct[name], viewer[name]),
    )
    assert.deepEqual(Object.fromEntries(wrong.map((name) => [name, [direct[name], viewer[name]]])), {})
  })
}

const same = (one: Outcome | undefined, other: Outcome | undefined) =>
  JSON.stringify([one?.result, one?.error]) === JSON.stringify([other?.result, other?.error])
