import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { ALPHA } from '../../../infra/issuer/users.ts'
import { ensureAirflow, ensureAirflowCelery, startAirflow } from '../../../infra/parts/airflow.ts'
import { startBackground } from '../../../infra/parts/background.ts'
import { checkout } from '../../../infra/parts/directories.ts'
import { freePort } from '../../../infra/parts/ports.ts'
import { startRedis } from '../../../infra/parts/redis.ts'
import { startGateway } from '../../kit.ts'
import { type Person, signIn } from '../people.ts'

/**
 * A worker of one project, with the environment that infra/compose/airflow-teams.yml gives it: a task of that project
 * finds none of Airflow's secrets. The attacking tasks are those of the auth manager's tests.
 */

const DAGS = join(checkout, 'infra', 'airflow', 'auth-manager', 'tests', 'dags', 'attacks')
const SOURCES = join(checkout, 'infra', 'airflow', 'auth-manager', 'src')
const RUN = '/airflow/api/v2/dags/alpha_attacks/dagRuns'
const closing: (() => unknown)[] = []
let bob: Person
let states: Map<string, string>

before(start, { timeout: 600_000 })
after(async () => {
  for (const close of closing.toReversed()) await close()
})

async function start(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'airflow-teams-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url] })
  closing.push(() => issuer.close())
  const celery = await ensureAirflowCelery()
  const broker = await startRedis()
  closing.push(() => broker.close())
  const brokerUrl = `redis://127.0.0.1:${broker.port}/0`
  const home = join(dir, 'control')
  configureTeam(home, brokerUrl)
  const airflow = await startAirflow({
    dir: home,
    gatewayUrl: url,
    path: '/airflow',
    login: 'assertion',
    bundles: [{ name: 'alpha-attacks', path: DAGS, team: ALPHA }],
    env: {
      AIRFLOW__CORE__EXECUTOR: `LocalExecutor;${ALPHA}=CeleryExecutor`,
      PYTHONPATH: [SOURCES, celery].join(delimiter),
    },
  })
  closing.push(() => airflow.close())
  await startWorker(dir, celery, brokerUrl, `${airflow.url}/airflow/execution/`)
  const routes = [{ name: 'airflow', app: 'airflow', path: '/airflow', access: 'member' }]
  const gateway = await startGateway({ port, host: 'localhost', issuerUrl: issuer.url, upstream: airflow.url, routes })
  closing.push(() => gateway.close())
  bob = await signIn({ url } as Parameters<typeof signIn>[0], 'bob')
  states = await runAttacks()
}

/** The broker of a team has no place in an environment that a shell passes on: its name contains `-`. */
function configureTeam(home: string, brokerUrl: string): void {
  mkdirSync(home, { recursive: true })
  const section = [`[${ALPHA}=celery]`, `broker_url = ${brokerUrl}`, `result_backend = ${brokerUrl}`, '']
  appendFileSync(join(home, 'airflow.cfg'), section.join('\n'))
}

/** The worker of the compose file, with the addresses and folders of this test. */
async function startWorker(dir: string, celery: string, brokerUrl: string, executionApi: string): Promise<void> {
  const venv = await ensureAirflow()
  const home = join(dir, 'worker')
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'airflow-broker-url'), `#!/bin/sh\nprintf %s '${brokerUrl}'\n`, { mode: 0o755 })
  writeFileSync(join(dir, 'airflow_api_secret'), 'the secret of the API servers')
  const environment = Object.entries(workerEnvironment()).map(([name, value]) => {
    const here = value
      .replaceAll('/tmp/airflow', home)
      .replaceAll('/run/secrets', dir)
      .replaceAll('/srv/teams/alpha', DAGS)
      .replaceAll('"alpha"', '"alpha-attacks"')
      .replaceAll('http://airflow-execution-alpha:8080/airflow/execution/', executionApi)
      .replaceAll('${PUBLIC_URL:?}', 'https://o.example')
    return `${name}=${here}`
  })
  const own = [`PATH=${bin}:${process.env.PATH}`, `PYTHONPATH=${[SOURCES, celery].join(delimiter)}`]
  const command = [join(venv, 'bin', 'airflow'), 'celery', 'worker', '--skip-serve-logs', '--team', ALPHA]
  const logFile = join(dir, 'worker.log')
  const worker = await startBackground({
    name: 'Airflow worker',
    command: '/usr/bin/env',
    args: ['-i', ...own, ...environment, ...command],
    logFile,
    readyUrl: async () => / ready\./.test(readFileSync(logFile, 'utf8')),
    readySeconds: 120,
  })
  closing.push(() => worker.close())
}

function workerEnvironment(): Record<string, string> {
  const file = readFileSync(join(checkout, 'infra/compose/airflow-teams.yml'), 'utf8')
  const { services } = parse(file, { merge: true }) as {
    services: Record<string, { environment: Record<string, string> }>
  }
  const { environment } = services['airflow-worker-alpha'] ?? {}
  assert.ok(environment)
  return environment
}

async function runAttacks(): Promise<Map<string, string>> {
  for (let tries = 0; tries < 120; tries += 1) {
    if ((await bob.call(RUN, 'POST', { dag_run_id: 'attack', logical_date: null })).status === 200) break
    await sleep(1000)
  }
  for (let tries = 0; tries < 240; tries += 1) {
    const { json } = await bob.call(`${RUN}/attack/taskInstances`)
    const listed = (json.task_instances ?? []) as { task_id: string; state: string | null }[]
    const ended =
      listed.length > 0 && listed.every(({ state }) => /^(success|failed|upstream_failed)$/.test(state ?? ''))
    if (ended) return new Map(listed.map(({ task_id, state }) => [task_id, state ?? '']))
    await sleep(1000)
  }
  throw new Error('the tasks did not end within 240 s')
}

/** What a task found, as Airflow shows it: a list, or its text. */
async function foundBy(task: string): Promise<string> {
  const { status, json } = await bob.call(`${RUN}/attack/taskInstances/${task}/xcomEntries/return_value`)
  assert.equal(status, 200, JSON.stringify(json))
  return String(json.value).replaceAll(/[[\]]/g, '')
}

test('a task in a worker of its project succeeds', async () => {
  assert.equal(states.get('own_variable'), 'success')
  assert.equal(states.get('environment'), 'success')
})

test('a task in a worker of its project finds none of Airflow’s secrets', async () => {
  assert.equal(await foundBy('environment'), '')
})

test('a task in a worker of its project finds no logs of another one', async () => {
  assert.equal(await foundBy('logs_of_others'), '')
})
