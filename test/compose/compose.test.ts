import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { call, dagsIn } from '../airflow/people.ts'
import { Browser, type Page } from '../browser.ts'
import { idsOf, reportOf } from '../selftest/run-selftest.ts'
import { readComposeFile } from './compose-file.ts'
import { addressesOf, connectFrom, connectFromGateway, type Lab, refusedInside, startLab } from './lab.ts'
import { untilReady } from './stack.ts'

/** docker-compose.yml as shipped, in containers, through Caddy's port like a browser. */

const URL_ = 'https://o.example'
const ISSUER = 'https://sso.o.example:8443'
const { services } = readComposeFile()
const running = Object.keys(services).filter((name) => name !== 'airflow-migrate')

let lab: Lab
const bob = new Browser()

before(
  async () => {
    lab = await startLab()
  },
  { timeout: 900_000 },
)
after(() => lab?.close(), { timeout: 120_000 })

async function signIn(browser: Browser, path: string, username: string): Promise<Page> {
  const form = await browser.open(URL_ + path)
  assert.equal(form.url.origin, ISSUER, `expected Keycloak's form, got ${form.url.href} (${form.status})`)
  return await browser.submit(form, { username, password: `${username}-pw` })
}

test('a sign-in at Keycloak ends in MLflow in the project of the user', async () => {
  const page = await signIn(bob, '/mlflow/', 'bob')
  assert.deepEqual([page.url.origin, page.status], [URL_, 200])
  assert.match(page.text, /<title>MLflow<\/title>/)
  const api = (name: string) => `/mlflow/ajax-api/2.0/mlflow/experiments/${name}`
  const made = await call(bob, URL_ + api('create'), 'POST', { name: 'prices' })
  assert.equal(made.status, 200, JSON.stringify(made.json))
  const found = await call(bob, URL_ + api('search'), 'POST', { max_results: 10 })
  assert.match(JSON.stringify(found.json), /"prices"/)
})

test('the Python package can be had without signing in', async () => {
  const nobody = new Browser()
  const page = await nobody.open(`${URL_}/auth/clients/`)
  assert.equal(page.status, 200)
  const [path] = /\/auth\/clients\/[\w.-]+\.whl/.exec(page.text) ?? []
  const wheel = await nobody.fetch(`${URL_}${path}`)
  assert.equal(wheel.status, 200)
  const bytes = Buffer.from(await wheel.arrayBuffer())
  assert.equal(bytes.subarray(0, 2).toString(), 'PK')
})

test('another project is denied, and its members see nothing of the first one', async () => {
  const path = `${URL_}/mlflow/ajax-api/2.0/mlflow/experiments/search`
  const refused = await bob.fetch(`${path}?projectId=${BETA}`, { headers: { accept: 'application/json' } })
  assert.equal(refused.status, 403)
  assert.match(await refused.text(), /not-in-project/)
  const carol = new Browser()
  await signIn(carol, '/mlflow/', 'carol')
  const seen = await call(carol, path, 'POST', { max_results: 10 })
  assert.equal(seen.status, 200)
  assert.doesNotMatch(JSON.stringify(seen.json), /"prices"/)
})

test('the same session opens Airflow, whose scheduler runs a task and whose log can be read', async () => {
  const page = await bob.open(`${URL_}/airflow/`)
  assert.deepEqual([page.url.origin, page.status], [URL_, 200])
  assert.match(page.text, /<title>Airflow<\/title>/)
  const dags = await untilDags()
  assert.deepEqual(
    dags.filter((id) => id.startsWith('beta')),
    [],
  )
  const path = `${URL_}/airflow/api/v2/dags/alpha_worker`
  assert.equal((await call(bob, path, 'PATCH', { is_paused: false })).status, 200)
  const started = await call(bob, `${path}/dagRuns`, 'POST', { logical_date: null })
  assert.equal(started.status, 200, JSON.stringify(started.json))
  const run = `${path}/dagRuns/${encodeURIComponent(String(started.json.dag_run_id))}`
  assert.equal(await untilEnded(run), 'success')
  const log = await bob.fetch(`${run}/taskInstances/say/logs/1`, { headers: { accept: 'application/x-ndjson' } })
  assert.match(await log.text(), /hello from the worker of alpha/)
})

/** IDs of bob's DAGs after the dag-processor has read them. */
async function untilDags(): Promise<string[]> {
  for (let tries = 0; tries < 120; tries += 1) {
    const { ids } = dagsIn(await call(bob, `${URL_}/airflow/api/v2/dags`))
    if (ids.includes('alpha_worker')) return ids
    await sleep(1000)
  }
  throw new Error('the DAGs of alpha did not appear within 120 s')
}

async function untilEnded(run: string): Promise<unknown> {
  for (let tries = 0; tries < 180; tries += 1) {
    const { json } = await call(bob, run)
    if (json.state === 'success' || json.state === 'failed') return json.state
    await sleep(1000)
  }
  throw new Error('the run did not end within 180 s')
}

test('with one replica killed every user is served and nobody signs in again', async () => {
  const { engine } = lab
  await engine.podman('kill', engine.container('gateway-1'))
  await engine.podman('stop', '--time', '0', engine.container('gateway-1')) // and kept from being restarted
  for (let i = 0; i < 20; i += 1) {
    const answer = await bob.fetch(`${URL_}/auth/session`, { headers: { accept: 'application/json' } })
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /"bob"/)
  }
  assert.equal((await bob.open(`${URL_}/mlflow/`)).url.origin, URL_)
  await engine.podman('start', engine.container('gateway-1'))
  await untilReady(engine, 'gateway-1', services['gateway-1'] ?? {})
})

const UPSTREAMS = [
  { service: 'mlflow', port: 5000, byGateway: true },
  { service: 'airflow-api', port: 8080, byGateway: true },
  { service: 'redis', port: 6379, byGateway: true },
  { service: 'postgres', port: 5432, byGateway: false },
]
for (const { service, port, byGateway } of UPSTREAMS) {
  test(`${service} is reached neither from Caddy's networks nor from the machine's ports`, async () => {
    const { engine } = lab
    assert.equal(await connectFromGateway(engine, service, port), byGateway ? 'connected' : 'ENOTFOUND')
    for (const network of ['front', 'sso']) {
      assert.equal(await connectFrom(engine, network, service, port), 'ENOTFOUND')
      for (const host of await addressesOf(engine, service)) {
        assert.notEqual(await connectFrom(engine, network, host, port), 'connected', `${network} -> ${host}`)
      }
      assert.equal(await connectFrom(engine, network, 'caddy', 443), 'connected')
    }
    assert.equal(await connectHere(port), 'ECONNREFUSED')
    assert.equal(await connectHere(443), 'connected')
  })
}

/** From the place where the ports are published. */
const connectHere = (port: number) =>
  new Promise<string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 3000 })
    const end = (word: string) => {
      socket.destroy()
      resolve(word)
    }
    socket.on('connect', () => end('connected')).on('timeout', () => end('timeout'))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'failed'))
  })

/** CAP_NET_BIND_SERVICE: Caddy cannot be executed without it (capabilities(7), bit 10). */
const BIND_SERVICE = 1 << 10

test('no container runs as root, has an unnecessary capability, can gain privileges or can write its root file system', async () => {
  for (const service of running) {
    const status = await lab.engine.inside(service, 'cat', '/proc/1/status')
    assert.doesNotMatch(status, /^Uid:\s+0\s/m, service)
    const capabilities = Number.parseInt(/^CapEff:\s+(\w+)$/m.exec(status)?.[1] ?? 'none', 16)
    assert.equal(capabilities, service === 'caddy' ? BIND_SERVICE : 0, service)
    assert.match(status, /^NoNewPrivs:\s+1$/m, service)
    assert.ok(await refusedInside(lab.engine, service, 'sh', '-c', 'echo x > /probe || exit 1'), service)
    const root = await lab.engine.inside(service, 'cat', '/proc/mounts')
    assert.match(root, /^\S+ \/ \S+ ro[, ]/m, service)
  }
})

test('no secret is in a container’s settings, a command line or a log', async () => {
  const { engine, secrets } = lab
  const settings = await engine.podman('inspect', ...running.map((service) => engine.container(service)))
  const logs = await Promise.all(running.map((service) => engine.log(service)))
  assert.match(settings, /run\/secrets\/session_secret/)
  for (const [name, value] of secrets) {
    assert.ok(value.length >= 32, name)
    assert.ok(!settings.includes(value), `${name} in podman inspect`)
    assert.ok(!logs.join('\n').includes(value), `${name} in a log`)
    assert.ok(!commandLines().some((line) => line.includes(value)), `${name} in a command line`)
  }
  assert.ok(
    commandLines().some((line) => line.includes('redis-server')),
    'the processes of the containers are seen',
  )
})

test('selftest finds no mistake in the deployment, with accounts of two projects and the addresses of the applications', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'selftest-'))
  const session = async (username: string) => {
    const browser = new Browser()
    await signIn(browser, '/mlflow/', username)
    const file = join(folder, username)
    writeFileSync(file, browser.cookieHeader(new URL(URL_)), { mode: 0o600 })
    return file
  }
  // What is published on this machine. That Caddy's networks do not lead to the applications is tested above.
  const closed = [5000, 8080, 4181].flatMap((port) => ['--upstream', `localhost:${port}`])
  const authority = join(process.env.SECRETS ?? '', 'authority_certificate')
  try {
    const report = await reportOf([
      ...['--url', URL_, '--ca', authority, '--i-own', 'o.example', '--i-own', 'localhost', ...closed],
      ...['--cookie-file', await session('bob'), '--project', ALPHA],
      ...['--second-cookie-file', await session('carol'), '--second-project', BETA],
    ])
    const told = report.cases.filter(({ status }) => status === 'fail' || status === 'warning')
    process.stderr.write(`${JSON.stringify({ counts: report.counts, told }, null, 2)}\n`)
    assert.deepEqual(idsOf(report, 'fail'), [])
    assert.equal(report.exitCode, 0)
    assert.ok(report.counts.passed > 80, JSON.stringify(report.counts))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Of every process in this process namespace, including the containers. */
const commandLines = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
      } catch {
        return [] // it has ended
      }
    })
