import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureAirflowctl } from '../../infra/parts/airflow.ts'
import { run } from '../../infra/parts/run.ts'
import { countIssuerPages, fillLoginForm, openChromium, PAGE_MS, picture } from './chromium.ts'
import { startWorld, type World } from './kit.ts'
import { pageSuite } from './page-suite.ts'
import { dagsIn, machineToken, type Person, signIn } from './people.ts'

const OF_ALPHA = ['alpha_daily', 'alpha_worker', 'log_to_mlflow']
const OF_BETA = ['beta_daily']
const VISIBLE: Record<string, string[]> = {
  alice: [...OF_ALPHA, ...OF_BETA].sort(),
  bob: OF_ALPHA,
  carol: OF_BETA,
  dave: [...OF_ALPHA, ...OF_BETA].sort(),
}

/** A real Airflow takes its time on a busy machine. */
const START = { timeout: 300_000 }

let world: World
const people = new Map<string, Person>()
const person = (name: string): Person => people.get(name) as Person

before(async () => {
  world = await startWorld({ login: 'assertion', runs: true })
  for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) people.set(name, await signIn(world, name))
  await until('all DAGs are parsed', async () => dagsIn(await person('alice').call('/airflow/ui/dags')).total === 4)
  for (const name of VISIBLE.alice ?? [])
    await person('alice').call(`/airflow/api/v2/dags/${name}`, 'PATCH', { is_paused: false })
}, START)
after(() => world?.close())

async function until(what: string, holds: () => Promise<boolean>, seconds = 120): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) {
    if (await holds()) return
  }
  throw new Error(`not within ${seconds} s: ${what}`)
}

test('one login opens MLflow and then Airflow, without a second form', async () => {
  const browser = await openChromium()
  try {
    const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage()
    page.setDefaultTimeout(PAGE_MS)
    const forms = countIssuerPages(page, world.issuer)
    await page.goto(`${world.url}/mlflow/`)
    await fillLoginForm(page, 'bob')
    await page.waitForURL(`${world.url}/mlflow/**`)
    await page.goto(`${world.url}/airflow/dags`)
    await page.getByText('alpha_daily').first().waitFor()
    assert.equal(forms(), 1)
    assert.equal(await page.getByText('beta_daily').count(), 0)
    assert.deepEqual(
      (await page.context().cookies()).filter(({ name }) => ['session', '_token'].includes(name)),
      [],
    )
    await picture(page, 'assertion-bob-dags')
    const refused = page.waitForResponse((response) => response.url().endsWith('/api/v2/dags/beta_daily/details'))
    await page.goto(`${world.url}/airflow/dags/beta_daily`)
    assert.equal((await refused).status(), 403)
    await page.waitForLoadState('networkidle')
    assert.equal(await page.getByText('beta_task').count(), 0)
    await picture(page, 'assertion-bob-foreign-dag')
    await page.goto(`${world.url}/airflow/dags/alpha_worker`)
    await page.getByRole('button', { name: 'Trigger' }).first().click()
    const made = page.waitForResponse(
      (response) => response.url().endsWith('/dags/alpha_worker/dagRuns') && response.request().method() === 'POST',
    )
    await page.getByRole('dialog').getByRole('button', { name: 'Trigger' }).last().click()
    assert.equal((await made).status(), 200)
    await page.waitForLoadState('networkidle')
    await picture(page, 'assertion-bob-triggered')
  } finally {
    await browser.close()
  }
})

pageSuite(() => world)

test('what passes between the gateway and Airflow opens nothing a second time', async () => {
  const path = '/airflow/api/v2/dags/alpha_daily'
  assert.equal((await person('bob').call(`${path}?fields=dag_id`)).status, 200)
  const { method, target, headers } = world.eavesdropper.captured(path)
  const { connection: _, 'x-gateway-request': proof, ...others } = headers
  assert.ok(proof !== undefined && others['x-gateway-assertion'] !== undefined)
  const replay = async (changes: { method?: string; target?: string; headers?: Record<string, string> }) =>
    (
      await fetch(world.airflow.url + (changes.target ?? target), {
        method: changes.method ?? method,
        headers: changes.headers ?? { ...others, 'x-gateway-request': proof },
      })
    ).status
  const [seconds, id, mac] = proof.split('.')
  assert.equal(await replay({}), 401, 'the same request again')
  assert.equal(await replay({ headers: others }), 401, 'the assertion alone')
  assert.equal(await replay({ target: path }), 401, 'another query')
  assert.equal(await replay({ target: '/airflow/api/v2/dags/log_to_mlflow' }), 401, 'another path')
  assert.equal(await replay({ method: 'DELETE' }), 401, 'another method')
  const renewed = `${seconds}.${id?.replace(/^./, (first) => (first === '0' ? '1' : '0'))}.${mac}`
  assert.equal(await replay({ headers: { ...others, 'x-gateway-request': renewed } }), 401, 'another id')
  assert.equal((await person('bob').call(`${path}?fields=dag_id`)).status, 200)
})

for (const [name, visible] of Object.entries(VISIBLE)) {
  test(`${name} sees ${visible.join(', ')} and counts no others`, async () => {
    for (const path of ['/airflow/ui/dags', '/airflow/api/v2/dags']) {
      assert.deepEqual(dagsIn(await person(name).call(path)), { ids: visible, total: visible.length })
    }
  })
}

/** Status by user: alice, bob, carol, dave, erin. */
const PROBES: [string, number[]][] = [
  ['GET /ui/dags', [200, 200, 200, 200, 403]],
  ['GET /api/v2/dags/alpha_daily', [200, 200, 403, 200, 403]],
  ['GET /api/v2/dags/beta_daily', [200, 403, 200, 200, 403]],
  ['GET /api/v2/dags/nowhere', [404, 403, 403, 403, 403]],
  ['GET /api/v2/dags/~/dagRuns', [200, 200, 200, 200, 403]],
  ['GET /api/v2/dags/beta_daily/dagRuns', [200, 403, 200, 200, 403]],
  ['POST /api/v2/dags/~/dagRuns/list', [200, 200, 200, 200, 403]],
  ['GET /ui/grid/structure/beta_daily', [200, 403, 200, 200, 403]],
  ['GET /api/v2/dagSources/beta_daily', [200, 403, 200, 200, 403]],
  ['GET /api/v2/eventLogs', [200, 403, 403, 403, 403]],
  ['GET /api/v2/eventLogs?dag_id=beta_daily', [200, 403, 200, 200, 403]],
  ['GET /api/v2/importErrors', [200, 200, 200, 200, 403]],
  ['GET /api/v2/assets', [200, 200, 200, 200, 403]],
  ['GET /api/v2/jobs', [200, 403, 403, 403, 403]],
  ['GET /api/v2/pools', [200, 200, 200, 200, 403]],
  ['GET /api/v2/variables', [200, 200, 200, 200, 403]],
  ['POST /ui/auth/token', [403, 403, 403, 403, 403]],
  ['POST /auth/token', [403, 403, 403, 403, 403]],
  ['GET /execution/', [404, 404, 404, 404, 404]],
  ['PATCH /execution/task-instances/1/run', [404, 404, 404, 404, 404]],
]
for (const [line, expected] of PROBES) {
  test(`probe ${line}`, async () => {
    const [method = '', path = ''] = line.split(' ')
    const body = method === 'GET' ? undefined : {}
    const answers = await Promise.all([...people.values()].map((each) => each.call(`/airflow${path}`, method, body)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      expected,
    )
  })
}

test('a refusal speaks as Airflow does, with reason and request id', async () => {
  const { status, json } = await person('erin').call('/airflow/ui/dags')
  assert.equal(status, 403)
  assert.equal(json.reason, 'not-a-member')
  assert.equal(typeof json.detail, 'string')
  assert.match(String(json.request_id), /^[0-9a-f-]{36}$/)
})

const trigger = (who: Person, dag: string) =>
  who.call(`/airflow/api/v2/dags/${dag}/dagRuns`, 'POST', { logical_date: new Date().toISOString() })

test('members trigger their own DAGs and nobody else’s', async () => {
  assert.equal((await trigger(person('carol'), 'beta_daily')).status, 200)
  for (const [name, dag] of [
    ['bob', 'beta_daily'],
    ['carol', 'alpha_daily'],
    ['erin', 'alpha_daily'],
  ] as const)
    assert.equal((await trigger(person(name), dag)).status, 403, `${name} ${dag}`)
})

test('a worker’s task finishes behind the gateway, and its log and its end are streamed through it', async () => {
  const started = await trigger(person('bob'), 'alpha_worker')
  const runPath = `/airflow/api/v2/dags/alpha_worker/dagRuns/${encodeURIComponent(String(started.json.dag_run_id))}`
  const cookie = person('bob').browser.cookieHeader(new URL(`${world.url}${runPath}`))
  const waiting = await fetch(`${world.url}${runPath}/wait?interval=1`, {
    // Airflow's compression would hold lines back.
    headers: { cookie, accept: 'application/x-ndjson', 'accept-encoding': 'identity' },
  })
  const chunks: string[] = []
  for await (const chunk of waiting.body ?? []) chunks.push(Buffer.from(chunk).toString())
  const states = chunks.join('').trim().split('\n')
  assert.equal(JSON.parse(states.at(-1) ?? '').state, 'success')
  assert.ok(chunks.length > 1, 'it came as it happened')
  const log = await person('bob').browser.fetch(`${world.url}${runPath}/taskInstances/say/logs/1`, {
    headers: { accept: 'application/x-ndjson', 'sec-fetch-mode': 'cors' },
  })
  assert.match(await log.text(), /hello from the worker of alpha/)
  assert.equal((await person('carol').call(runPath)).status, 403)
})

test('a task logs to MLflow through the gateway, in its own project, as the machine', async () => {
  const started = await trigger(person('bob'), 'log_to_mlflow')
  const runId = String(started.json.dag_run_id)
  const state = async () =>
    (await person('bob').call(`/airflow/api/v2/dags/log_to_mlflow/dagRuns/${encodeURIComponent(runId)}`)).json.state
  await until('the run ends', async () => ['success', 'failed'].includes(String(await state())))
  assert.equal(await state(), 'success')
  const search = `/mlflow/api/2.0/mlflow/experiments/get-by-name?experiment_name=airflow&projectId=`
  assert.equal((await person('bob').call(search + ALPHA)).status, 200)
  assert.equal((await person('carol').call(search + BETA)).status, 404)
})

test('the selected project narrows Airflow as it narrows MLflow', async () => {
  const dave = await signIn(world, 'dave')
  const select = (project: string) => dave.call('/auth/project', 'POST', { project })
  assert.equal((await select(ALPHA)).status, 200)
  assert.deepEqual(dagsIn(await dave.call('/airflow/ui/dags')), { ids: OF_ALPHA, total: OF_ALPHA.length })
  assert.equal((await dave.call('/airflow/api/v2/dags/beta_daily')).status, 403)
  assert.deepEqual(dagsIn(await dave.call(`/airflow/ui/dags?projectId=${BETA}`)).ids, OF_BETA)
  assert.equal((await select('')).status, 200)
  assert.deepEqual(dagsIn(await dave.call('/airflow/ui/dags')).ids, VISIBLE.dave)
})

test('a bearer token of the issuer opens the API to plain HTTP and to airflowctl', async () => {
  const token = await machineToken(world)
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${world.url}/airflow${path}`, { ...init, headers: { authorization: `Bearer ${token}` }, redirect: 'manual' })
  const listed = (await (await ask('/api/v2/dags')).json()) as { dags: { dag_id: string }[] }
  assert.deepEqual(listed.dags.map((each) => each.dag_id).sort(), OF_ALPHA)
  assert.equal((await ask('/api/v2/dags/beta_daily')).status, 403)
  assert.equal((await fetch(`${world.url}/airflow/api/v2/dags`, { redirect: 'manual' })).status, 401)
  const ctl = `${await ensureAirflowctl()}/bin/airflowctl`
  const env = { AIRFLOW_CLI_TOKEN: token, AIRFLOW_HOME: process.env.TMPDIR ?? '/tmp' }
  const login = await run(ctl, ['auth', 'login', '--api-url', `${world.url}/airflow`, '--skip-keyring'], { env })
  assert.ok(login.ok, login.tail)
  const { ok, tail } = await run(ctl, ['dags', 'list', '-o', 'json'], { env })
  assert.ok(ok, tail)
  assert.match(tail, /alpha_daily/)
  assert.doesNotMatch(tail, /beta_daily/)
})

test('after the logout nothing of Airflow answers any more, old cookies included', async () => {
  const bob = await signIn(world, 'bob')
  const old = bob.browser.cookieHeader(new URL(`${world.url}/airflow/`))
  assert.equal((await bob.call('/airflow/ui/auth/me')).status, 200)
  assert.equal((await bob.call('/auth/logout', 'POST', {})).status, 200)
  for (const cookie of [old, bob.browser.cookieHeader(new URL(`${world.url}/airflow/`))])
    for (const path of ['/ui/auth/me', '/api/v2/dags', '/ui/dags', '/auth/', '/']) {
      const answer = await fetch(`${world.url}/airflow${path}`, { headers: { cookie }, redirect: 'manual' })
      assert.equal(answer.status, 401, path)
    }
})

test('Airflow’s own login and logout addresses are the gateway’s', async () => {
  const open = (path: string) => fetch(`${world.url}/airflow${path}`, { redirect: 'manual' })
  const login = await open(`/api/v2/auth/login?next=${encodeURIComponent(`${world.url}/airflow/dags?a=b`)}`)
  const target = new URL(login.headers.get('location') ?? '')
  assert.equal(target.pathname, '/auth/login')
  assert.equal(target.searchParams.get('return_to'), `${world.url}/airflow/dags?a=b`)
  for (const path of ['/api/v2/auth/logout', '/auth/logout']) {
    assert.equal(new URL((await open(path)).headers.get('location') ?? '').pathname, '/auth/logout')
  }
})
