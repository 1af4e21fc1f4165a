import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { ALPHA, BETA, type Door, type Lab, type Reply, startLab } from './lab.ts'
import { ARTIFACTS, startTrace } from './victim.ts'

/** What members see of a real MLflow through the gateway: roles, who a run belongs to, and the hooks of its pages. */
let lab: Lab
let bob: Door
let dave: Door
let experiment: string

before(async () => {
  lab = await startLab()
  bob = await lab.through('bob', ALPHA)
  dave = await lab.through('dave', ALPHA)
  experiment = (await bob.ask('POST /api/2.0/mlflow/experiments/create', { name: 'ours' })).pick('experiment_id')
})
after(() => lab.close())

interface Run {
  readonly info: { readonly user_id: string }
  readonly data: { readonly tags: readonly { readonly key: string; readonly value: string }[] }
}
const runIn = ({ text }: Reply): Run => JSON.parse(text).run
const getRun = async (id: string) => runIn(await bob.ask(`GET /api/2.0/mlflow/runs/get?run_id=${id}`))
const authorTag = ({ data }: Run) => data.tags.filter((tag) => tag.key === 'mlflow.user').map((tag) => tag.value)

async function newRun(body: object = {}): Promise<string> {
  const created = await bob.ask('POST /api/2.0/mlflow/runs/create', { experiment_id: experiment, ...body })
  return created.pick('run.info.run_id')
}

test('the first request of a project makes its workspace, and members meet in it', async () => {
  const got = await dave.ask(`GET /api/2.0/mlflow/experiments/get?experiment_id=${experiment}`)
  assert.equal(got.pick('experiment.name'), 'ours')
})

test('a run declared as carol’s is stored as bob’s, in its field and in its tag', async () => {
  const run = await getRun(await newRun({ user_id: 'carol', tags: [{ key: 'mlflow.user', value: 'carol' }] }))
  assert.equal(run.info.user_id, 'bob')
  assert.deepEqual(authorTag(run), ['bob'])
})

test('the author is not changed later: by a tag, in a batch, in another spelling, by deletion', async () => {
  const run_id = await newRun()
  const tag = { key: 'mlflow.user', value: 'carol' }
  assert.equal((await bob.ask('POST /api/2.0/mlflow/runs/set-tag', { run_id, ...tag })).status, 200)
  assert.equal((await bob.ask('POST /api/2.0/mlflow/runs/log-batch', { run_id, tags: [tag] })).status, 200)
  const spelt = { run_id, key: 'MLFLOW.user', value: 'carol' }
  assert.equal((await bob.ask('POST /ajax-api/2.0/mlflow/runs/set-tag', spelt)).status, 200)
  assert.equal((await bob.ask('POST /api/2.0/mlflow/runs/delete-tag', { run_id, key: 'mlflow.user' })).status, 400)
  assert.deepEqual(authorTag(await getRun(run_id)), ['bob'])
})

test('straight at MLflow the same declarations are believed', async () => {
  const direct = lab.direct(ALPHA)
  const body = { experiment_id: experiment, user_id: 'carol', tags: [{ key: 'mlflow.user', value: 'carol' }] }
  const run = runIn(await direct.ask('POST /api/2.0/mlflow/runs/create', body))
  assert.deepEqual([run.info.user_id, authorTag(run)], ['carol', ['carol']])
})

test('a trace declared as carol’s is stored as bob’s', async () => {
  const id = `tr-${'7'.repeat(32)}`
  assert.equal((await startTrace(bob, experiment, id)).status, 200)
  const { text } = await bob.ask(`GET /api/3.0/mlflow/traces/${id}`)
  assert.equal(JSON.parse(text).trace.trace_info.trace_metadata['mlflow.user'], 'bob')
})

test('numbers of a batch arrive digit by digit', async () => {
  const run_id = await newRun()
  const body = `{"run_id":"${run_id}","metrics":[{"key":"m","value":0.1,"timestamp":9007199254740993,"step":"9007199254740995"}]}`
  assert.equal((await bob.ask('POST /api/2.0/mlflow/runs/log-batch', body)).status, 200)
  const { text } = await bob.ask(`GET /api/2.0/mlflow/metrics/get-history?run_id=${run_id}&metric_key=m`)
  assert.match(text, /9007199254740993/)
  assert.match(text, /9007199254740995/)
})

const badBodies: [string, string, string][] = [
  ['invalid JSON', '{"run_id":', 'body-malformed'],
  ['a repeated key', '{"key":"a","key":"mlflow.user","value":"carol"}', 'body-malformed'],
  ['a body over the limit', `{"value":"${'x'.repeat(4_194_304)}"}`, 'body-too-large'],
]
for (const [name, body, reason] of badBodies) {
  test(`${name} is a 400 in MLflow’s words`, async () => {
    const { status, json } = await bob.ask('POST /api/2.0/mlflow/runs/set-tag', body)
    assert.deepEqual([status, json.error_code, json.reason], [400, 'INVALID_PARAMETER_VALUE', reason])
    assert.ok(json.request_id)
  })
}

test('a reader reads, searches and downloads, and writes nothing', async () => {
  const run_id = await newRun()
  const file = `${ARTIFACTS}/${experiment}/${run_id}/artifacts/a;b%20ü.txt`.replace('ü', '%C3%BC')
  assert.equal((await bob.ask(`PUT ${file}`, 'content')).status, 200)
  assert.equal((await dave.ask(`GET ${file}`)).text, 'content')
  const found = await dave.ask('POST /api/2.0/mlflow/runs/search', { experiment_ids: [experiment] })
  assert.ok(Number(found.pick('runs.length')) > 0)
  const writes: [string, object?][] = [
    ['POST /api/2.0/mlflow/runs/create', { experiment_id: experiment }],
    ['POST /ajax-api/2.0/mlflow/runs/set-tag', { run_id, key: 'a', value: 'b' }],
    ['POST /api/2.0/mlflow/runs/delete', { run_id }],
    ['POST /api/2.0/mlflow/registered-models/create', { name: 'm' }],
    ['POST /v1/traces', {}],
    [`PUT ${file}`, {}],
    [`DELETE ${file}`],
  ]
  for (const [line, body] of writes) {
    const { status, json } = await dave.ask(line, body)
    assert.deepEqual([status, json.error_code, json.reason], [403, 'PERMISSION_DENIED', 'viewer-read-only'], line)
  }
})

test('what runs commands on the server, or is in no catalogue, is denied to administrators too', async () => {
  const alice = await lab.through('alice', ALPHA)
  for (const line of [
    'GET /ajax-api/3.0/mlflow/assistant/config',
    'POST /ajax-api/3.0/mlflow/assistant/message',
    'POST /ajax-api/2.0/mlflow/gateway-proxy',
    'POST /ajax-api/3.0/mlflow/demo/generate',
    'GET /metrics',
    'GET /build/index.html',
    'GET /api/3.0/mlflow/not-yet-known',
  ]) {
    const { status, json } = await alice.ask(line, line.startsWith('POST') ? {} : undefined)
    assert.deepEqual([status, json.reason], [403, 'app-denied'], line)
  }
})

test('an administrator may list webhooks; a member may not', async () => {
  const alice = await lab.through('alice', ALPHA)
  assert.equal((await alice.ask('GET /api/2.0/mlflow/webhooks')).status, 200)
  assert.equal((await bob.ask('GET /api/2.0/mlflow/webhooks')).json.reason, 'admin-only')
})

test('the page is told of the verified user, of no workspaces and of no AI gateway; clients keep workspaces', async () => {
  const user = await bob.ask('GET /ajax-api/2.0/mlflow/users/current')
  assert.equal(user.pick('user.username'), 'bob')
  assert.equal((await lab.direct(ALPHA).ask('GET /ajax-api/2.0/mlflow/users/current')).status, 404)
  const page = await bob.ask('GET /ajax-api/3.0/mlflow/server-info')
  assert.deepEqual([page.pick('workspaces_enabled'), page.pick('features_enabled.gateway')], ['false', 'false'])
  const client = await bob.ask('GET /api/3.0/mlflow/server-info')
  assert.equal(client.pick('workspaces_enabled'), 'true')
})

test('the page itself loads below the project’s path, with its files', async () => {
  const nameless = await lab.through('bob')
  const page = await nameless.ask(`GET /${ALPHA}/`)
  const script = /src="(static-files\/[^"]+)"/.exec(page.text)?.[1]
  assert.ok(script, page.text.slice(0, 200))
  assert.equal((await nameless.ask(`GET /${ALPHA}/${script}`)).status, 200)
})

test('a page of another origin may not be told from the gateway’s own by MLflow: Origin does not reach it', async () => {
  const more = { origin: 'https://o.example' }
  const body = { experiment_ids: [experiment] }
  assert.equal((await lab.direct(ALPHA).ask('POST /ajax-api/2.0/mlflow/runs/search', body, more)).status, 403)
  assert.equal((await bob.ask('POST /ajax-api/2.0/mlflow/runs/search', body, more)).status, 200)
})

/** Runs a program with MLflow's Python client as bob, and reads the JSON of its last line. */
async function runClient(program: string): Promise<unknown> {
  const python = join(await ensureMlflow(), 'bin', 'python')
  const env = { ...process.env, ...bob.env, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0', MLFLOW_DISABLE_TELEMETRY: 'true' }
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, program)], { env, cwd: lab.dir })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

test('the quickstart of MLflow, which names no experiment, works in the default experiment of the project', async () => {
  assert.deepEqual(await runClient('quickstart.py'), {
    experiment: 'Default',
    author: 'bob',
    runs: 1,
    by_id: 1,
    by_name: 1,
    artifact: 'content',
    trace_in_experiment: true,
  })
})

test('the Python client logs, registers, loads, searches and deletes through the gateway, as whoever holds the token', async () => {
  assert.deepEqual(await runClient('session.py'), {
    author: 'bob',
    trace_author: 'bob',
    artifact: 'content',
    metric: 0.5,
    version: '1',
    source_scheme: 'models',
    found: 1,
    deleted: 'deleted',
  })
})

test('carol’s project has none of it', async () => {
  const carol = await lab.through('carol', BETA)
  const found = await carol.ask('POST /api/2.0/mlflow/experiments/search', { max_results: 100 })
  // Her project's own default experiment, and nothing else.
  assert.deepEqual(
    [found.status, found.pick('experiments.length'), found.pick('experiments.0.name')],
    [200, '1', 'Default'],
  )
})

test('H2 what Flask would fold into a workspace or a user says nothing: the run is bob’s, in alpha', async () => {
  const forged = {
    X_MLFLOW_WORKSPACE: BETA,
    'X.Mlflow.Workspace': BETA,
    AOA_Project_ID: BETA,
    Remote_User: 'carol',
    X_Forwarded_User: 'carol',
    Content_Type: 'text/plain',
  }
  const created = await bob.ask('POST /api/2.0/mlflow/runs/create', { experiment_id: experiment }, forged)
  const run = await getRun(created.pick('run.info.run_id'))
  assert.equal(run.info.user_id, 'bob')
  assert.deepEqual(authorTag(run), ['bob'])
  const named = await bob.ask('GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=ours', undefined, forged)
  assert.equal(named.pick('experiment.experiment_id'), experiment)
  const carol = await lab.through('carol', BETA)
  assert.equal((await carol.ask('GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=ours')).status, 404)
})

test('B4 an uploaded page comes in a sandbox, whatever MLflow says of it', async () => {
  const artifact = 'api/2.0/mlflow-artifacts/artifacts/evil.html'
  const put = await bob.ask(`PUT /${artifact}`, '<script>alert(1)</script>', { 'content-type': 'text/html' })
  assert.equal(put.status, 200)
  const got = await bob.ask(`GET /${artifact}`)
  assert.equal(got.status, 200)
  assert.match(got.headers.get('content-security-policy') ?? '', /(^|, )sandbox(,|$)/)
  assert.doesNotMatch((await bob.ask('GET /')).headers.get('content-security-policy') ?? '', /sandbox/)
})
