import assert from 'node:assert/strict'
import test from 'node:test'
import { buildBodyRules } from '../../../../../src/gateway/apps/mlflow/body-rules.ts'
import { buildClassifier, CATALOGUES } from '../../../../../src/gateway/apps/mlflow/catalogue.ts'
import { admit, askFor, refusalOf } from './fixtures.ts'

const LIMITS = { json: 1000, otlp: 2000 }
const ruleFor = buildBodyRules(LIMITS, true)

function rewrite(line: string, body: string | object): string {
  const rule = ruleFor(askFor(line))
  assert.ok(rule, `${line} has no body rule`)
  return rule.rewrite(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), admit(line)).toString()
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
  ['a mark of the archive', TRACE_TAG, { key: 'mlflow.trace.archivalFailure', value: 'x' }],
]
for (const [name, line, body] of bookkeeping) {
  test(`refuses ${name}`, () => assert.equal(refused(line, body).reason, 'body-refused'))
}

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
  assert.equal(buildBodyRules(LIMITS, false)(askFor(MODEL)), undefined)
})

for (const [name, body] of [
  ['invalid JSON', '{"run_id":'],
  ['a repeated name', '{"key":"a","value":"1","key":"mlflow.user"}'],
  ['JSON within a string', JSON.stringify('{"key":"mlflow.user"}')],
]) {
  test(`${name} is refused before any check runs`, () =>
    assert.equal(refused(SET_TAG, body as string).reason, 'body-malformed'))
}

test('only these requests are read whole; uploads and everything else stream', () => {
  assert.equal(ruleFor(askFor('PUT /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/big.bin')), undefined)
  assert.equal(ruleFor(askFor('POST /ajax-api/2.0/mlflow/upload-artifact')), undefined)
  assert.equal(ruleFor(askFor('POST /api/2.0/mlflow/runs/search')), undefined)
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
    const classify = buildClassifier(file)
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
