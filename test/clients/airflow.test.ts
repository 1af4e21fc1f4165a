import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureAirflowctl } from '../../infra/parts/airflow.ts'
import { ensureClients } from '../../infra/parts/clients.ts'
import { startWorld, type World } from '../airflow/kit.ts'
import { machineToken } from '../airflow/people.ts'

const OF_ALPHA = ['alpha_daily', 'alpha_worker', 'log_to_mlflow']
let world: World
let token: string
let python: string
const home = mkdtempSync(join(tmpdir(), 'airflow-clients-'))

before(
  async () => {
    world = await startWorld({ login: 'assertion', runs: false })
    token = await machineToken(world)
    python = join(await ensureClients(), 'python')
  },
  { timeout: 300_000 },
)
after(async () => {
  await world?.close()
  rmSync(home, { recursive: true, force: true })
})

async function run(program: string, args: readonly string[], env: Record<string, string>): Promise<unknown> {
  const { PATH = '' } = process.env
  const { stdout } = await promisify(execFile)(program, args, { env: { PATH, HOME: home, ...env } })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
const list = (accessToken: string, ...project: string[]) =>
  run(python, [join(import.meta.dirname, 'airflow_dags.py'), `${world.url}/airflow`, ...project], {
    AIRFLOW_TOKEN: accessToken,
  })

test('Airflow’s client for Python, with a token', async () => {
  assert.deepEqual(await list(token), OF_ALPHA)
  assert.deepEqual(await list(token, ALPHA), OF_ALPHA)
})

test('Airflow’s client for Python reads why it is denied', async () => {
  const foreign = (await list(token, BETA)) as { status: number; body: string }
  assert.equal(foreign.status, 403)
  assert.equal((JSON.parse(foreign.body) as { reason: string }).reason, 'not-in-project')
  assert.equal(((await list('no-token')) as { status: number }).status, 401)
})

test('airflowctl, with a token', async () => {
  const ctl = join(await ensureAirflowctl(), 'bin', 'airflowctl')
  const env = { AIRFLOW_CLI_TOKEN: token, AIRFLOW_HOME: home, HOME: home, PATH: process.env.PATH ?? '' }
  const ask = promisify(execFile)
  await ask(ctl, ['auth', 'login', '--api-url', `${world.url}/airflow`, '--skip-keyring'], { env })
  const { stdout } = await ask(ctl, ['dags', 'list', '-o', 'json'], { env })
  for (const name of OF_ALPHA) assert.match(stdout, new RegExp(name))
  assert.doesNotMatch(stdout, /beta_daily/)
})
