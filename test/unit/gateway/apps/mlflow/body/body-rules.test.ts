import assert from 'node:assert/strict'
import test from 'node:test'
import { buildBodyRules } from '../../../../../../src/gateway/apps/mlflow/body/body-rules.ts'
import { buildRouteFinder, CATALOGUES } from '../../../../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { OwnedObjects } from '../../../../../../src/gateway/apps/mlflow/owned-objects.ts'
import { Refusal } from '../../../../../../src/gateway/errors.ts'
import { classifierOf } from '../classifier.ts'
import { admit, askFor, refusalOf } from '../fixtures.ts'

const LIMITS = { json: 1000, otlp: 2000 }
const find = buildRouteFinder(CATALOGUES['3.18'])
/** Objects that are looked up belong to the project when their name begins with `own`. */
const asked: string[] = []
const api = {
  call: async (_workspace: string | undefined, _method: string, path: string) => {
    asked.push(path)
    const status = /[=/]own[^/]*$/.test(path.split('?allow')[0] as string) ? 200 : 404
    return { status, json: {}, text: '' }
  },
}
const objects = new OwnedObjects(api)
const ruleFor = buildBodyRules(find, LIMITS, { objects, defaultExperiment: () => '17' })

function rewriteAny(line: string, body: string | object): Buffer | Promise<Buffer> {
  const rule = ruleFor(askFor(line))
  assert.ok(rule, `${line} has no body rule`)
  return rule.rewrite(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), admit(line))
}
function rewrite(line: string, body: string | object): string {
  const rewritten = rewriteAny(line, body)
  assert.ok(rewritten instanceof Buffer, `${line} waits for a lookup`)
  return rewritten.toString()
}
const checked = async (line: string, body: object) => JSON.parse((await rewriteAny(line, body)).toString())
const reasonOf = async (line: string, body: object) => {
  const outcome = await (async () => rewriteAny(line, body))().catch((error: unknown) => error)
  return outcome instanceof Refusal ? outcome.reason : 'accepted'
}
const rewritten = (line: string, body: string | object) => JSON.parse(rewrite(line, body))
const refused = (line: string, body: string | object) => refusalOf(() => rewrite(line, body))

const CREATE = 'POST /api/2.0/mlflow/runs/create'
const SET_TAG = 'POST /ajax-api/2.0/mlflow/runs/set-tag'
const START_TRACE = 'POST /api/3.0/mlflow/traces'
const TRACE_TAG = 'PATCH /api/3.0/mlflow/traces/tr-1/tags'
const MODEL = 'POST /api/2.0/mlflow/model-versions/create'

test('a new run gets the verified author, whatever it declares', () => {
  const body = { experiment_id: '1', user_id: 'carol', tags: [{ key: 'mlflow.user', value: 'carol' }] }
  assert.deepEqual(rewritten(CREATE, body), {
    experiment_id: '1',
    user_id: 'bob',
    tags: [{ key: 'mlflow.user', value: 'bob' }],
  })
})

test('a new run that declares nobody gets the verified author too', () => {
  assert.deepEqual(rewritten(CREATE, {}), { user_id: 'bob', tags: [{ key: 'mlflow.user', value: 'bob' }] })
  assert.deepEqual(rewritten(CREATE, ''), { user_id: 'bob', tags: [{ key: 'mlflow.user', value: 'bob' }] })
})

test('the author hides in no other spelling: field name, case, accents, several tags', () => {
  const body = {
    userId: 'carol',
    tags: [
      { key: 'a', value: '1' },
      { key: 'MLflow.Üser', value: 'carol' },
      { key: 'mlflow.user ', value: 'carol' },
    ],
  }
  assert.deepEqual(rewritten(CREATE, body), {
    user_id: 'bob',
    tags: [
      { key: 'a', value: '1' },
      { key: 'mlflow.user', value: 'bob' },
    ],
  })
})

test('the author tag of a run, set alone or in a batch, becomes the verified one', () => {
  assert.deepEqual(rewritten(SET_TAG, { run_id: 'r', key: 'mlflow.user', value: 'carol' }), {
    run_id: 'r',
    key: 'mlflow.user',
    value: 'bob',
  })
  const batch = { run_id: 'r', metrics: [{ key: 'm', value: 1 }], tags: [{ key: 'mlflow.user', value: 'carol' }] }
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/runs/log-batch', batch).tags, [{ key: 'mlflow.user', value: 'bob' }])
})

test('other tags pass as they are', () => {
  const body = '{"run_id":"r","key":"mlflow.note.content","value":"mlflow.user is carol"}'
  assert.equal(rewrite(SET_TAG, body), body)
})

test('the author of a run cannot be deleted', () => {
  const line = 'POST /api/2.0/mlflow/runs/delete-tag'
  assert.equal(refused(line, { run_id: 'r', key: 'mlflow.user' }).reason, 'body-refused')
  assert.equal(rewrite(line, { run_id: 'r', key: 'mine' }), '{"run_id":"r","key":"mine"}')
})

test('metrics beyond 2^53 keep every digit', () => {
  const body = '{"run_id":"r","metrics":[{"key":"m","value":0.10,"timestamp":9007199254740993,"step":-1}]}'
  assert.equal(rewrite('POST /api/2.0/mlflow/runs/log-batch', body), body)
})

test('a new trace gets the verified author in its metadata, in both versions and spellings', () => {
  const v3 = { trace: { trace_info: { trace_id: 't', trace_metadata: { 'mlflow.user': 'carol', a: 'b' } } } }
  assert.deepEqual(rewritten(START_TRACE, v3).trace.trace_info.trace_metadata, { 'mlflow.user': 'bob', a: 'b' })
  const camel = { trace: { traceInfo: { traceMetadata: { 'mlflow.user': 'carol' } } } }
  assert.deepEqual(rewritten(START_TRACE, camel).trace.traceInfo, { traceMetadata: { 'mlflow.user': 'bob' } })
  assert.deepEqual(rewritten(START_TRACE, { trace: { trace_info: {} } }).trace.trace_info, {
    trace_metadata: { 'mlflow.user': 'bob' },
  })
  const v2 = { request_metadata: [{ key: 'mlflow.user', value: 'carol' }] }
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/traces', v2), {
    request_metadata: [{ key: 'mlflow.user', value: 'bob' }],
  })
})

test('a logged model gets the verified author', () => {
  const body = { name: 'm', tags: [{ key: 'mlflow.user', value: 'carol' }] }
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/logged-models', body).tags, [{ key: 'mlflow.user', value: 'bob' }])
})

const bookkeeping: [string, string, string | object][] = [
  ['the artifact location of a trace', TRACE_TAG, { key: 'mlflow.artifactLocation', value: 's3://b/k' }],
  [
    'it over the older API',
    'PATCH /ajax-api/2.0/mlflow/traces/tr-1/tags',
    { key: 'mlflow.artifactLocation', value: 'x' },
  ],
  [
    'it at the end of a trace',
    'PATCH /api/2.0/mlflow/traces/tr-1',
    { tags: [{ key: 'mlflow.artifactLocation', value: 'x' }] },
  ],
  ['it in other case, as MySQL would match it', TRACE_TAG, { key: 'MLFLOW.ARTIFACTLOCATION ', value: 'x' }],
  ['it with an accent, as MySQL would match it', TRACE_TAG, { key: 'mlflow.ártifactLocation', value: 'x' }],
  ['it behind escapes', TRACE_TAG, '{"\\u006bey":"mlflow\\u002eartifactLocation","value":"x"}'],
  [
    'the location of archived spans in a new trace',
    START_TRACE,
    { trace: { trace_info: { tags: { 'mlflow.trace.spansLocation': 'ARCHIVE_REPO' } } } },
  ],
  [
    'the archive in a new trace, in camel case',
    START_TRACE,
    { trace: { traceInfo: { tags: { 'mlflow.trace.archiveLocation': '/etc' } } } },
  ],
  [
    'a new trace that claims to have cost something at a model endpoint',
    START_TRACE,
    { trace: { trace_info: { trace_metadata: { 'mlflow.gateway.endpointId': 'e-1' } } } },
  ],
  [
    'a new trace that claims to be another user’s call of a model',
    START_TRACE,
    { trace: { traceInfo: { traceMetadata: { 'mlflow.auth.username': 'carol' } } } },
  ],
  [
    'such a claim in the older API',
    'POST /api/2.0/mlflow/traces',
    { request_metadata: [{ key: 'mlflow.gateway.endpointId', value: 'e-1' }] },
  ],
  ['a mark of the archive', TRACE_TAG, { key: 'mlflow.trace.archivalFailure', value: 'x' }],
]
for (const [name, line, body] of bookkeeping) {
  test(`refuses ${name}`, () => assert.equal(refused(line, body).reason, 'body-refused'))
}

const PLAIN = /^trace_id: expected the ID of a trace without \//
for (const id of ['../../../other/6/traces/tr-1', 'a/b', '..\\\\x', '%2e%2e%2fx', '..', '?x', '#x', 'tr-\u0000']) {
  test(`refuses the trace ID ${JSON.stringify(id)}: it becomes a folder`, () => {
    for (const name of ['trace_id', 'traceId'])
      assert.match(refused(START_TRACE, { trace: { trace_info: { [name]: id } } }).explain ?? '', PLAIN)
  })
}
for (const id of ['tr-0123456789abcdef', 'Spur ü.1', 'a..b', 'a:b;c'])
  test(`a trace may have the ID ${id}`, () => {
    assert.match(JSON.stringify(rewritten(START_TRACE, { trace: { trace_info: { trace_id: id } } })), new RegExp(id))
  })

test('a refusal names the place and what was expected, and none of the values', () => {
  const { explain } = refused(START_TRACE, { trace: { tags: [{ key: 'mlflow.artifactLocation', value: 's3://x' }] } })
  assert.equal(explain, 'body.trace.tags[0].key: expected no key that MLflow reserves')
})

test('text about a reserved key is no reserved key', () => {
  const body = { key: 'note', value: 'we moved mlflow.artifactLocation to s3' }
  assert.deepEqual(rewritten(TRACE_TAG, body), body)
})

const sources: [string, boolean][] = [
  ['mlflow-artifacts:/workspaces/w/1/r/artifacts/m', true],
  ['runs:/abc/model', true],
  ['models:/m-1', true],
  ['dummy-source', true],
  ['prompt-template', true],
  ['s3://bucket/root/workspaces/other/1/r/artifacts', false],
  ['S3://bucket/key', false],
  ['file:///etc', false],
  ['/etc', false],
  ['../x', false],
  ['http://169.254.169.254/latest', false],
  ['mlflow-artifacts://elsewhere:5000/x', false],
  ['dummy-source/../../etc', false],
  [' s3://bucket/key', false],
  ['runs:/a\ns3://b', true], // MLflow reads it as one runs: URI; no other scheme can be smuggled
]
for (const [source, allowed] of sources) {
  test(`a model whose source is ${JSON.stringify(source)} ${allowed ? 'passes' : 'is refused'}`, () => {
    if (allowed) assert.equal(rewritten(MODEL, { name: 'm', source }).source, source)
    else assert.equal(refused(MODEL, { name: 'm', source }).reason, 'body-refused')
  })
}

test('a source that is no text is refused', () => {
  assert.equal(refused(MODEL, { source: ['s3://b/k'] }).reason, 'body-refused')
})

test('where every project has an MLflow of its own, a model may lie in its own bucket', () => {
  const rule = buildBodyRules(find, LIMITS, {})(askFor(MODEL))
  const body = Buffer.from('{"name":"m","source":"s3://bucket/key"}')
  assert.deepEqual(rule?.rewrite(body, admit(MODEL)), body)
})

for (const [name, body] of [
  ['invalid JSON', '{"run_id":'],
  ['a repeated name', '{"key":"a","value":"1","key":"mlflow.user"}'],
  ['JSON within a string', JSON.stringify('{"key":"mlflow.user"}')],
]) {
  test(`${name} is refused before any check runs`, () =>
    assert.equal(refused(SET_TAG, body as string).reason, 'body-malformed'))
}

test('every JSON body is read completely; uploads and calls of model endpoints stream', () => {
  assert.equal(ruleFor(askFor('PUT /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/big.bin')), undefined)
  assert.equal(ruleFor(askFor('POST /ajax-api/2.0/mlflow/upload-artifact')), undefined)
  assert.equal(ruleFor(askFor('POST /gateway/mlflow/v1/chat/completions')), undefined)
  assert.equal(ruleFor(askFor('POST /api/2.0/mlflow/runs/search'))?.maxBytes, LIMITS.json)
  assert.equal(ruleFor(askFor('POST /api/3.0/mlflow/traces/tr-1/assessments'))?.maxBytes, LIMITS.otlp)
  assert.equal(ruleFor(askFor('GET /api/3.0/mlflow/traces/tr-1')), undefined)
  assert.equal(ruleFor(askFor(CREATE))?.maxBytes, LIMITS.json)
  assert.equal(ruleFor(askFor('POST /v1/traces'))?.maxBytes, LIMITS.otlp)
})

test('every route of a release that writes traces is checked', () => {
  for (const file of Object.values(CATALOGUES)) {
    const lines = file.editor.filter((line) => /^(POST|PUT|PATCH) .*\/mlflow\/traces(\/|$)/.test(line))
    assert.ok(lines.length > 5)
    for (const line of lines) {
      const path = line.replace('/{,ajax-}api', '/ajax-api').replace(/\{\w+\}/g, 'x')
      assert.ok(ruleFor(askFor(path)), line)
    }
  }
})

test('the checked routes are routes of every release: none is misspelled', () => {
  for (const file of Object.values(CATALOGUES)) {
    const classify = classifierOf(file)
    for (const line of [
      CREATE,
      'POST /ajax-api/2.0/mlflow/runs/create-promptlab-run',
      SET_TAG,
      'POST /api/2.0/mlflow/runs/log-batch',
      'POST /api/2.0/mlflow/runs/delete-tag',
      'POST /api/2.0/mlflow/logged-models',
      'PATCH /api/2.0/mlflow/logged-models/m-1/tags',
      START_TRACE,
      MODEL,
      'POST /v1/traces',
    ]) {
      const [method = '', path = ''] = line.split(' ')
      assert.equal(classify(method, path), 'write', line)
      assert.ok(ruleFor(askFor(line)), line)
    }
  }
})

test('names that MLflow does not read are removed, at any depth', () => {
  const body = { run_id: 'r', key: 'k', value: 1, timestamp: 1, unheardOf: { run_id: 'x' } }
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/runs/log-metric', body), {
    run_id: 'r',
    key: 'k',
    value: 1,
    timestamp: 1,
  })
  const batch = { run_id: 'r', tags: [{ key: 'a', value: 'b', more: 1 }] }
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/runs/log-batch', batch).tags, [{ key: 'a', value: 'b' }])
  assert.equal(rewrite('DELETE /api/3.0/mlflow/datasets/d-1', { dataset_id: 'd-2' }), '{}')
})

test('a field in both of its spellings is refused: MLflow takes the last one', () => {
  const body = { experiment_ids: ['1'], experimentIds: ['2'] }
  assert.equal(refused('POST /api/2.0/mlflow/runs/search', body).reason, 'body-malformed')
})

test('a field that repeats the path must say the same', () => {
  const line = 'PATCH /api/2.0/mlflow/logged-models/m-1'
  assert.deepEqual(rewritten(line, { model_id: 'm-1', status: 2 }), { model_id: 'm-1', status: 2 })
  assert.equal(refused(line, { model_id: 'm-2', status: 2 }).reason, 'body-refused')
  assert.equal(refused(line, { modelId: 'm-2' }).reason, 'body-refused')
  assert.deepEqual(rewritten(line, { modelId: 'm-1' }), { modelId: 'm-1' })
})

test('what stands for a message must be one, or a list of them', () => {
  const metric = { key: 'k', value: 1, timestamp: 1, model_id: 'foreign' }
  for (const metrics of ['text', 7, true, [[metric]], [metric, 'text']])
    assert.equal(refused('POST /api/2.0/mlflow/runs/log-batch', { run_id: 'r', metrics }).reason, 'body-malformed')
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/runs/log-batch', { run_id: 'r', metrics: null }).metrics, null)
})

test('a metric of a batch belongs to the run of the batch: it names none of its own', () => {
  const metrics = [{ key: 'k', value: 1, timestamp: 1, run_id: 'foreign' }]
  const sent = rewritten('POST /api/2.0/mlflow/runs/log-batch', { run_id: 'r', metrics })
  assert.deepEqual(sent.metrics, [{ key: 'k', value: 1, timestamp: 1 }])
})

const INFO = { trace_id: 'tr-1' }
const inTrace = (assessment: object) => ({ trace: { trace_info: { ...INFO, assessments: [assessment] } } })
const owned: [string, string, (id: string) => object][] = [
  ['a model of a metric', 'POST /api/2.0/mlflow/runs/log-metric', (model_id) => ({ run_id: 'r', model_id })],
  ['it in camel case', 'POST /api/2.0/mlflow/runs/log-metric', (modelId) => ({ run_id: 'r', modelId })],
  [
    'a model in a batch',
    'POST /api/2.0/mlflow/runs/log-batch',
    (id) => ({ metrics: [{ key: 'k' }, { model_id: id }] }),
  ],
  ['a model that a run has read', 'POST /api/2.0/mlflow/runs/log-inputs', (model_id) => ({ models: [{ model_id }] })],
  ['a model that a run has made', 'POST /api/2.0/mlflow/runs/outputs', (model_id) => ({ models: [{ model_id }] })],
  ['the run of a model', 'POST /api/2.0/mlflow/logged-models', (source_run_id) => ({ name: 'm', source_run_id })],
  ['the run of a version', MODEL, (run_id) => ({ name: 'm', source: 'runs:/r/m', run_id })],
  ['the experiments of a data set', 'POST /api/3.0/mlflow/datasets/create', (id) => ({ experiment_ids: ['own0', id] })],
  ['an experiment as a number', 'POST /api/3.0/mlflow/datasets/d-1/add-experiments', (id) => ({ experiment_ids: id })],
  ['the run of an issue', 'POST /api/3.0/mlflow/issues', (source_run_id) => ({ source_run_id })],
  ['what an assessment overrides', START_TRACE, (overrides) => inTrace({ overrides })],
  ['the issue of an assessment', START_TRACE, (id) => inTrace({ assessment_name: id, issue: { issue_name: 'n' } })],
]
for (const [name, line, bodyOf] of owned) {
  test(`${name} must belong to the project`, async () => {
    assert.equal(await reasonOf(line, bodyOf('own')), 'accepted')
    assert.equal(await reasonOf(line, bodyOf('hers')), 'no-such-object')
  })
}

test('an assessment cannot be renamed to the issue of another project', async () => {
  const line = 'PATCH /api/3.0/mlflow/traces/tr-1/assessments/a-1'
  for (const name of ['iss-hers', 'ISS-hers', ' íss-hers']) {
    assert.equal(
      await reasonOf(line, { assessment: { assessment_name: name }, update_mask: 'assessment_name' }),
      'no-such-object',
    )
  }
  assert.equal(await reasonOf(line, { assessment: { assessment_name: 'issue with tone' } }), 'accepted')
})

test('new feedback and expectations may be named like an issue, unless they say that they are one', async () => {
  for (const line of ['POST /api/3.0/mlflow/traces/tr-1/assessments', START_TRACE]) {
    const reason = (assessment: object) =>
      reasonOf(line, line === START_TRACE ? inTrace(assessment) : { assessment: { trace_id: 'tr-1', ...assessment } })
    const named = { assessment_name: 'iss-hers' }
    assert.equal(await reason({ ...named, feedback: { value: true } }), 'accepted')
    assert.equal(await reason({ ...named, expectation: { value: 'x' } }), 'accepted')
    for (const more of [{}, { feedback: null }, { issue: {} }, { issue: {}, feedback: { value: true } }])
      assert.equal(await reason({ ...named, ...more }), 'no-such-object')
  }
  const update = { assessment: { assessment_name: 'iss-hers', feedback: { value: true } } }
  assert.equal(await reasonOf('PATCH /api/3.0/mlflow/traces/tr-1/assessments/a-1', update), 'no-such-object')
})

test('an assessment that a client names is looked up on its trace, and otherwise becomes the project’s own', async () => {
  const line = 'POST /api/3.0/mlflow/traces'
  const idIn = async (id: string) =>
    (await checked(line, inTrace({ assessment_id: id }))).trace.trace_info.assessments[0].assessment_id
  assert.equal(await idIn('own'), 'own')
  const derived = await idIn('a-0123')
  assert.match(derived, /^a-[0-9a-f]{32}$/)
  assert.equal(await idIn('a-0123'), derived)
  assert.ok(asked.includes('/api/3.0/mlflow/traces/tr-1/assessments/a-0123'))
})

test('what was found is looked up again after ten minutes: an administrator may have moved it', async () => {
  let now = 0
  let status = 200
  let lookups = 0
  const moved = { call: async () => ({ status, json: {}, text: String(++lookups) }) }
  const known = new OwnedObjects(moved, () => now)
  const line = 'POST /api/2.0/mlflow/runs/log-metric'
  const check = () => known.check(admit(line), [{ kind: 'model', id: 'm-1', trace: undefined }])
  await check()
  status = 404
  now = 599_999
  await check()
  assert.equal(lookups, 1)
  now = 600_000
  await assert.rejects(check, (error: Refusal) => error.reason === 'no-such-object')
})

test('a project looks up eight identifiers at a time, and stops at the first that is not its own', async () => {
  let [running, most, lookups] = [0, 0, 0]
  const slow = {
    call: async (_workspace: string | undefined, _method: string, path: string) => {
      running += 1
      lookups += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      return { status: path.includes('own') ? 200 : 404, json: {}, text: '' }
    },
  }
  const known = new OwnedObjects(slow)
  const admitted = admit('POST /api/2.0/mlflow/runs/log-batch')
  const check = (prefix: string, count: number) =>
    known.check(
      admitted,
      Array.from({ length: count }, (_, at) => ({ kind: 'model', id: `${prefix}-${at}`, trace: undefined })),
    )
  await Promise.all([check('own-a', 40), check('own-b', 40), check('own-c', 40)])
  assert.deepEqual([most, lookups], [8, 120])
  lookups = 0
  const foreign = (error: Refusal) => error.reason === 'no-such-object'
  await Promise.all(['x', 'y', 'z'].map((prefix) => assert.rejects(check(prefix, 1000), foreign)))
  assert.equal(lookups, 24)
})

test('an identifier that is no text is refused before any lookup', () => {
  assert.equal(refused('POST /api/2.0/mlflow/runs/log-metric', { model_id: { a: 1 } }).reason, 'body-malformed')
})

test('an object that was found is not looked up again', async () => {
  const line = 'POST /api/2.0/mlflow/runs/log-metric'
  await checked(line, { model_id: 'own-once' })
  const before = asked.length
  await checked(line, { model_id: 'own-once' })
  assert.equal(asked.length, before)
})

test('more identifiers than a request may name are refused', async () => {
  const metrics = Array.from({ length: 1001 }, (_, n) => ({ model_id: `m${n}` }))
  const rule = buildBodyRules(
    find,
    { json: 1e6, otlp: 1e6 },
    { objects },
  )(askFor('POST /api/2.0/mlflow/runs/log-batch'))
  const body = Buffer.from(JSON.stringify({ metrics }))
  await assert.rejects(async () => rule?.rewrite(body, admit('POST /x')), { reason: 'body-refused' })
})

test('the identifier of an issue is MLflow’s choice', () => {
  assert.equal(refused('POST /api/3.0/mlflow/issues', { name: 'n', issue_id: 'iss-1' }).reason, 'body-refused')
})

test('experiment 0 is the project’s default experiment, wherever an experiment is named', () => {
  assert.equal(rewritten('POST /api/2.0/mlflow/runs/create', { experiment_id: '0' }).experiment_id, '17')
  assert.deepEqual(rewritten('POST /api/2.0/mlflow/runs/search', { experiment_ids: ['0', '3'] }).experiment_ids, [
    '17',
    '3',
  ])
  const location = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '0' } }
  const trace = rewritten(START_TRACE, { trace: { trace_info: { trace_location: location } } }).trace
  assert.equal(trace.trace_info.trace_location.mlflow_experiment.experiment_id, '17')
  assert.equal(rewritten('POST /api/2.0/mlflow/runs/log-metric', { key: '0', value: 0 }).value, 0)
})

const untouched: [string, string, object][] = [
  [
    'a text about a reserved key',
    START_TRACE,
    { trace: { trace_info: { request_preview: 'MLflow artifact location?' } } },
  ],
  ['a text that is one', START_TRACE, { trace: { trace_info: { request_preview: 'mlflow.artifactLocation' } } }],
  [
    'a feedback about an author',
    'POST /api/3.0/mlflow/traces/tr-1/assessments',
    { assessment: { assessment_name: 'f', feedback: { value: { mlflow_user: 'x', 'mlflow.user': 'carol' } } } },
  ],
  [
    'a feedback about a location',
    'POST /api/3.0/mlflow/traces/tr-1/assessments',
    { assessment: { feedback: { value: { 'mlflow.artifactLocation': 's3://b' } }, metadata: { 'mlflow.user': 'x' } } },
  ],
  ['a parameter', 'POST /api/2.0/mlflow/runs/log-parameter', { run_id: 'r', key: 'mlflow.user', value: '42' }],
  ['a parameter in a batch', 'POST /api/2.0/mlflow/runs/log-batch', { params: [{ key: 'mlflow.user', value: '42' }] }],
  ['a tag of another name', SET_TAG, { run_id: 'r', key: 'mlflow_user', value: '42' }],
]
for (const [name, line, body] of untouched) {
  test(`${name} passes as it is`, () => {
    const { trace, ...rest } = rewritten(line, body)
    if (trace) delete trace.trace_info.trace_metadata
    assert.deepEqual({ ...rest, ...(trace && { trace }) }, body)
  })
}

test('numbers that JSON does not have pass as MLflow’s clients write them', () => {
  const body = '{"run_id":"r","key":"k","value":NaN,"timestamp":1}'
  assert.equal(rewrite('POST /api/2.0/mlflow/runs/log-metric', body), body)
})

test('the author tag of a trace is the verified one too', () => {
  const info = { tags: { 'mlflow.user': 'carol', a: 'b' }, trace_metadata: { 'MLflow.User': 'carol' } }
  const { tags, trace_metadata } = rewritten(START_TRACE, { trace: { trace_info: info } }).trace.trace_info
  assert.deepEqual([tags, trace_metadata], [{ a: 'b', 'mlflow.user': 'bob' }, { 'mlflow.user': 'bob' }])
})

test('a tag by which MLflow finds a trace’s files cannot be removed; the mark of a failed archival can', () => {
  const line = 'DELETE /api/3.0/mlflow/traces/tr-1/tags'
  assert.equal(refused(line, { key: 'mlflow.artifactLocation' }).reason, 'body-refused')
  assert.equal(rewrite(line, { key: 'own' }), '{"key":"own"}')
})
