import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { httpRequest } from '../../src/shared/http-request.ts'
import { ALPHA, BETA, type Door, type Lab, type Reply, startLab } from './lab.ts'
import { ARTIFACTS, fillVictim, SECRET, startTrace, type Victim } from './victim.ts'

/**
 * Ways out of a workspace that MLflow 3.17 has. Each is taken twice, by bob of alpha against carol's beta: straight to
 * MLflow, where it must work (or the test would prove nothing), and through the gateway, where it must end.
 */
let lab: Lab
let carol: Victim
let direct: Door
let bob: Door

before(async () => {
  // The server's own guard of model sources is off: the gateway must hold by itself.
  lab = await startLab({ env: { MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: '' } })
  const owner = await lab.through('carol', BETA)
  carol = await fillVictim(lab, owner)
  bob = await lab.through('bob', ALPHA)
  await bob.ask('GET /version') // makes alpha's workspace
  direct = lab.direct(ALPHA)
})
after(() => lab.close())

const LOCATION = 'mlflow.artifactLocation'
let serial = 0
const newTraceId = () => `tr-${String(++serial).padStart(32, '0')}`
const fetchTrace = (door: Door, id: string) => door.ask(`GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=${id}`)

async function ownExperiment(door: Door): Promise<string> {
  const created = await door.ask('POST /api/2.0/mlflow/experiments/create', { name: `of bob ${++serial}` })
  return created.pick('experiment_id')
}

/** Tries to read carol's trace; resolves to the refused (or last) answer, and what was read at the end. */
type Attempt = (door: Door) => Promise<{ step: Reply; got: string }>

const patchTag: Attempt = async (door) => {
  const id = newTraceId()
  await startTrace(door, await ownExperiment(door), id)
  const step = await door.ask(`PATCH /api/3.0/mlflow/traces/${id}/tags`, { key: LOCATION, value: carol.traceLocation })
  return { step, got: (await fetchTrace(door, id)).text }
}

const patchTagEscaped: Attempt = async (door) => {
  const id = newTraceId()
  await startTrace(door, await ownExperiment(door), id)
  const body = `{"key":"harmless","\\u006bey":"mlflow\\u002eartifactLocation","value":"${carol.traceLocation}"}`
  const step = await door.ask(`PATCH /ajax-api/2.0/mlflow/traces/${id}/tags`, body)
  return { step, got: (await fetchTrace(door, id)).text }
}

const patchTagInString: Attempt = async (door) => {
  const id = newTraceId()
  await startTrace(door, await ownExperiment(door), id)
  const body = JSON.stringify(JSON.stringify({ key: LOCATION, value: carol.traceLocation }))
  const step = await door.ask(`PATCH /api/3.0/mlflow/traces/${id}/tags`, body)
  return { step, got: (await fetchTrace(door, id)).text }
}

const endTrace: Attempt = async (door) => {
  const start = { experiment_id: await ownExperiment(door), timestamp_ms: 1, request_metadata: [], tags: [] }
  const id = (await door.ask('POST /api/2.0/mlflow/traces', start)).pick('trace_info.request_id')
  const tags = [{ key: LOCATION, value: carol.traceLocation }]
  const end = { timestamp_ms: 2, status: 'OK', request_metadata: [], tags }
  const step = await door.ask(`PATCH /api/2.0/mlflow/traces/${id}`, end)
  return { step, got: (await fetchTrace(door, id)).text }
}

const exportSpan: Attempt = async (door) => {
  const traceId = newTraceId().slice(3)
  const attribute = (key: string, stringValue: string) => ({ key: `mlflow.traceTag.${key}`, value: { stringValue } })
  const span = {
    traceId,
    spanId: '1'.repeat(16),
    name: 'n',
    startTimeUnixNano: '1',
    endTimeUnixNano: '2',
    attributes: [attribute(LOCATION, carol.traceLocation), attribute('mlflow.trace.spansLocation', 'ARTIFACT_REPO')],
  }
  const body = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }
  const step = await door.ask('POST /v1/traces', body, { 'x-mlflow-experiment-id': await ownExperiment(door) })
  return { step, got: (await fetchTrace(door, `tr-${traceId}`)).text }
}

const startArchived: Attempt = async (door) => {
  const id = newTraceId()
  const tags = { 'mlflow.trace.spansLocation': 'ARCHIVE_REPO', 'mlflow.trace.archiveLocation': carol.archive }
  const step = await startTrace(door, await ownExperiment(door), id, tags)
  return { step, got: (await fetchTrace(door, id)).text }
}

const byTraces: [string, string, Attempt][] = [
  ['L1: a trace tag that points at another project’s files', 'body-refused', patchTag],
  ['L1: the same with a repeated, escaped key', 'body-malformed', patchTagEscaped],
  ['L1: the same as JSON within a string', 'body-malformed', patchTagInString],
  ['L1: the same when a trace ends', 'body-refused', endTrace],
  ['L1: the same as an attribute of an exported span', 'body-refused', exportSpan],
  ['L2: a new trace that claims to be archived in any directory of the server', 'body-refused', startArchived],
]
for (const [name, reason, attempt] of byTraces) {
  test(`${name} reads carol’s trace straight from MLflow`, async () => {
    assert.match((await attempt(direct)).got, new RegExp(SECRET))
  })
  test(`${name} is refused through the gateway`, async () => {
    const { step, got } = await attempt(bob)
    assert.equal(step.status, 400)
    assert.equal(step.json.error_code, 'INVALID_PARAMETER_VALUE')
    assert.equal(step.json.reason, reason)
    assert.doesNotMatch(got, new RegExp(SECRET))
  })
}

const FOREIGN = 's3://bucket-of-beta/workspaces/beta/1/run/artifacts'
async function registerForeign(door: Door): Promise<Reply> {
  await door.ask('POST /api/2.0/mlflow/registered-models/create', { name: 'of-bob' })
  return door.ask('POST /api/2.0/mlflow/model-versions/create', { name: 'of-bob', source: FOREIGN })
}

test('L3: a model version in a foreign bucket is registered straight at MLflow, which then reads the bucket', async () => {
  assert.equal((await registerForeign(direct)).pick('model_version.source'), FOREIGN)
  const read = await direct.ask(`GET /model-versions/get-artifact?name=of-bob&version=1&path=secret.txt`)
  assert.equal(read.status, 500, 'the S3 client itself is what is missing here')
})
test('L3: a model version in a foreign bucket is refused through the gateway', async () => {
  const { status, json } = await registerForeign(bob)
  assert.equal(status, 400)
  assert.equal(json.reason, 'body-refused')
})

const WORKSPACES = '/api/3.0/mlflow/workspaces'
test('L4: straight at MLflow anyone lists, describes and makes workspaces', async () => {
  const listed = await direct.ask(`GET ${WORKSPACES}`)
  assert.ok(listed.text.includes(BETA))
  assert.equal((await direct.ask(`PATCH ${WORKSPACES}/${BETA}`, { description: 'taken' })).status, 200)
  assert.equal((await direct.ask(`POST ${WORKSPACES}`, { name: 'made-by-bob' })).status, 201)
})
test('L4: through the gateway bob sees his project alone and changes none', async () => {
  for (const path of [WORKSPACES, WORKSPACES.replace('/api', '/ajax-api')]) {
    const { json } = await bob.ask(`GET ${path}`)
    assert.deepEqual(json, { workspaces: [{ name: ALPHA, description: 'alpha' }] })
    assert.equal((await bob.ask(`GET ${path}/${BETA}`)).status, 404)
    for (const line of [`PATCH ${path}/${BETA}`, `POST ${path}`, `DELETE ${path}/${BETA}`]) {
      const { status, json } = await bob.ask(line, { name: 'x', description: 'y' })
      assert.deepEqual([status, json.reason], [403, 'admin-only'])
    }
  }
})

const contradictions: [string, Record<string, string>, string, number, string][] = [
  ['the default workspace', { 'X-MLFLOW-WORKSPACE': 'default' }, '', 400, 'project-malformed'],
  ['another project as workspace', { 'X-MLFLOW-WORKSPACE': BETA }, '', 400, 'project-ambiguous'],
  ['another project in the query', {}, `?projectId=${BETA}`, 400, 'project-ambiguous'],
]
for (const [name, headers, query, status, reason] of contradictions) {
  test(`a request of alpha that also names ${name} is refused`, async () => {
    const answer = await bob.ask(`GET /${query}`, undefined, headers)
    assert.deepEqual([answer.status, answer.json.reason], [status, reason])
  })
}

test('carol’s project is as absent to bob as one that never was', async () => {
  const other = await lab.through('bob', BETA)
  const never = await lab.through('bob', '99999999-9999-4999-8999-999999999999')
  for (const door of [other, never]) {
    const { status, json } = await door.ask('GET /api/2.0/mlflow/experiments/get?experiment_id=1')
    assert.deepEqual([status, json.error_code, json.reason], [403, 'PERMISSION_DENIED', 'not-in-project'])
  }
})

test('identifiers of carol’s in bob’s requests lead nowhere: query, body, both spellings of a field', async () => {
  const ids: [string, object?][] = [
    [`GET /api/2.0/mlflow/experiments/get?experiment_id=${carol.experimentId}`],
    [`GET /api/2.0/mlflow/runs/get?run_id=${carol.runId}`],
    [`GET /api/2.0/mlflow/artifacts/list?run_id=${carol.runId}`],
    [`GET /get-artifact?run_id=${carol.runId}&path=secret.txt`],
    [`GET ${ARTIFACTS}/${carol.artifact}`],
    [`GET ${ARTIFACTS}/workspaces/${BETA}/${carol.artifact}`],
    [`GET /api/3.0/mlflow/traces/${carol.traceId}`],
    [`GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=${carol.traceId}`],
    [`GET /ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${carol.runId}&metric_key=${SECRET}`],
    [
      'POST /api/3.0/mlflow/traces/search',
      { locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: carol.experimentId } }] },
    ],
    ['POST /api/3.0/mlflow/traces/batchGetInfos', { trace_ids: [carol.traceId] }],
    ['POST /ajax-api/2.0/mlflow/experiments/search-datasets', { experiment_ids: [carol.experimentId] }],
    ['POST /api/2.0/mlflow/runs/search', { experiment_ids: [carol.experimentId] }],
    ['POST /api/2.0/mlflow/runs/search', { experimentIds: [carol.experimentId] }],
    [
      'POST /graphql',
      { query: `{ mlflowGetExperiment(input: {experimentId: "${carol.experimentId}"}) { experiment { name } } }` },
    ],
    ['POST /graphql', { query: `{ mlflowGetRun(input: {runId: "${carol.runId}"}) { run { info { runUuid } } } }` }],
  ]
  for (const [line, body] of ids) {
    const { text } = await bob.ask(line, body)
    assert.doesNotMatch(text, new RegExp(`${SECRET}|"run_uuid"|"runUuid": ?"`), line)
  }
})

test('writes of bob’s that name carol’s identifiers change nothing of hers', async () => {
  const { runId, experimentId, traceId, artifact } = carol
  const writes: [string, object?][] = [
    ['POST /api/2.0/mlflow/runs/set-tag', { run_id: runId, key: 'by', value: 'bob' }],
    ['POST /api/2.0/mlflow/runs/log-batch', { run_id: runId, tags: [{ key: 'by', value: 'bob' }] }],
    ['POST /api/2.0/mlflow/runs/update', { run_id: runId, run_name: 'by bob' }],
    ['POST /api/2.0/mlflow/runs/delete', { run_id: runId }],
    ['POST /api/2.0/mlflow/runs/create', { experiment_id: experimentId, run_name: 'by bob' }],
    ['POST /ajax-api/2.0/mlflow/runs/create-promptlab-run', { experiment_id: experimentId }],
    [`POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=${runId}&path=by-bob.txt`, {}],
    [`PUT ${ARTIFACTS}/workspaces/${BETA}/${artifact}`, {}],
    [`DELETE ${ARTIFACTS}/workspaces/${BETA}/${artifact}`],
    [`PATCH /api/3.0/mlflow/traces/${traceId}/tags`, { key: 'by', value: 'bob' }],
    ['POST /api/3.0/mlflow/traces/delete-traces', { experiment_id: experimentId, request_ids: [traceId] }],
    ['POST /api/2.0/mlflow/experiments/delete', { experiment_id: experimentId }],
  ]
  for (const [line, body] of writes) await bob.ask(line, body) // some answer 200 and do nothing: what counts is hers
  const owner = await lab.through('carol', BETA)
  const run = await owner.ask(`GET /api/2.0/mlflow/runs/get?run_id=${runId}`)
  assert.doesNotMatch(run.text, /bob|deleted/)
  assert.equal((await owner.ask(`GET ${ARTIFACTS}/${artifact}`)).text, SECRET)
  assert.doesNotMatch((await owner.ask(`GET /api/2.0/mlflow/artifacts/list?run_id=${runId}`)).text, /by-bob/)
  assert.equal((await owner.ask(`GET /api/3.0/mlflow/traces/${traceId}`)).status, 200)
  const runs = await owner.ask('POST /api/2.0/mlflow/runs/search', { experiment_ids: [experimentId] })
  assert.equal(runs.pick('runs.length'), '1')
})

test('a reading request that names carol’s experiment in a body leads nowhere either', async () => {
  for (const body of [
    { experiment_id: carol.experimentId },
    { experimentId: carol.experimentId },
    { experiment_id: '0', experimentId: carol.experimentId },
  ]) {
    const { status, text } = await httpRequest(`${bob.url}/api/2.0/mlflow/experiments/get`, {
      method: 'GET',
      headers: { ...bob.headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      timeoutMs: 10_000,
    })
    assert.ok([400, 404].includes(status), `${status} ${text}`)
    assert.doesNotMatch(text, new RegExp(SECRET))
  }
})

interface Outcome {
  readonly got?: unknown
  readonly refused?: string
}
async function runClient(door: Door): Promise<Record<string, Outcome>> {
  const python = join(await ensureMlflow(), 'bin', 'python')
  const args = [join(import.meta.dirname, 'leaks.py'), BETA, carol.traceLocation, carol.archive, FOREIGN]
  const env = { ...process.env, ...door.env, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0', MLFLOW_DISABLE_TELEMETRY: 'true' }
  const { stdout } = await promisify(execFile)(python, args, { env, cwd: lab.dir })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

test('the Python client leaves its project straight at MLflow', async () => {
  const outcomes = await runClient(direct)
  assert.match(String(outcomes.read_by_trace_tag?.got), new RegExp(SECRET))
  assert.match(String(outcomes.read_by_archive?.got), new RegExp(SECRET))
  assert.equal(outcomes.register_foreign_source?.got, FOREIGN)
  assert.match(String(outcomes.list_workspaces?.got), new RegExp(BETA))
  assert.deepEqual(outcomes.use_default_workspace?.got, ['Default'])
  assert.match(String(outcomes.enter_project?.got), new RegExp(SECRET))
  assert.equal(outcomes.rename_workspace?.got, 'taken over')
})

test('the Python client stays in its project through the gateway, and says why', async () => {
  const outcomes = await runClient(bob)
  assert.match(outcomes.read_by_trace_tag?.refused ?? '', /^INVALID_PARAMETER_VALUE: .*no key that MLflow reserves/)
  assert.match(outcomes.read_by_archive?.refused ?? '', /^INVALID_PARAMETER_VALUE: .*no key that MLflow reserves/)
  assert.match(outcomes.register_foreign_source?.refused ?? '', /^INVALID_PARAMETER_VALUE: .*source: expected/)
  assert.deepEqual(outcomes.list_workspaces?.got, [ALPHA])
  assert.match(outcomes.use_default_workspace?.refused ?? '', /^INVALID_PARAMETER_VALUE: /)
  assert.match(outcomes.enter_project?.refused ?? '', /^PERMISSION_DENIED: /)
  assert.match(outcomes.rename_workspace?.refused ?? '', /^PERMISSION_DENIED: /)
})

// Last, because it removes what the others read.
const exists = async () => (await lab.direct(BETA).ask(`GET ${ARTIFACTS}/${carol.artifact}`)).text === SECRET
test('L5: without a workspace, straight at MLflow, the shared root shows every project and can be emptied', async () => {
  const root = lab.direct()
  assert.ok((await root.ask(`GET ${ARTIFACTS}?path=workspaces`)).text.includes(BETA))
  assert.equal((await root.ask(`DELETE ${ARTIFACTS}/workspaces`)).status, 200)
  assert.equal(await exists(), false)
  await (await lab.through('carol', BETA)).ask(`PUT ${ARTIFACTS}/${carol.artifact}`, SECRET) // for the next test
})
test('L5: through the gateway there is no way to the shared root', async () => {
  const nameless = await lab.through('bob') // bob's only project is taken
  assert.equal((await nameless.ask(`GET ${ARTIFACTS}?path=workspaces`)).text.includes(BETA), false)
  assert.notEqual((await nameless.ask(`GET ${ARTIFACTS}/workspaces/${BETA}/${carol.artifact}`)).status, 200)
  assert.notEqual((await nameless.ask(`DELETE ${ARTIFACTS}/workspaces`)).status, 200)
  for (const spelling of ['X-MLFLOW-WORKSPACE', 'x_mlflow_workspace']) {
    for (const name of ['default', BETA, '', `${ALPHA},${BETA}`]) {
      const { text } = await nameless.ask(`GET ${ARTIFACTS}?path=workspaces`, undefined, { [spelling]: name })
      assert.equal(text.includes(BETA), false, `${spelling}: ${name}`)
    }
  }
  assert.equal(await exists(), true)
})
