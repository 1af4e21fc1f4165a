import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { upstreamErrors, upstreamNotes, upstreamWarnings } from '../../../../src/cli/check/upstreams.ts'
import { configOf, NOBODY, type Replies, startFake } from './kit.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111'

/** As MLflow 3.17 responds. */
const mlflow: Replies = {
  '/version': { body: '3.17.2' },
  '/api/3.0/mlflow/server-info': { body: { store_type: 'SqlStore', workspaces_enabled: true } },
}
/** As Airflow 3 responds, whose `base_url` ends in a prefix. */
const airflow = (prefix: string): Replies => ({
  [`${prefix}/api/v2/version`]: { body: { version: '3.1.0', git_version: null } },
  '/version': { status: 404, body: '{"detail":"Not Found"}' },
})

const route = (app: string, upstream: string, over: object = {}) => ({
  ...{ name: app, app, path: `/${app}`, upstream, access: app === 'mlflow' ? 'project' : 'member' },
  ...over,
})

async function errorsFor(t: TestContext, replies: Replies, app: string, over: object = {}) {
  const upstream = await startFake(t, () => replies)
  return upstreamErrors(configOf({ routes: [route(app, upstream, over)] }))
}

const V317 = { mlflow: { version: '3.17' } }
const PINNED = { mlflow: { detectRelease: false } }

test('the applications that the routes name have no errors', async (t) => {
  assert.deepEqual(await errorsFor(t, mlflow, 'mlflow', V317), [])
  assert.deepEqual(await errorsFor(t, airflow('/airflow'), 'airflow'), [])
  assert.deepEqual(await errorsFor(t, airflow(''), 'airflow', { path: '/', host: 'airflow.example' }), [])
})

test('a generic application only needs to respond', async (t) => {
  assert.deepEqual(await errorsFor(t, {}, 'generic'), [])
})

test('an upstream that does not respond is one error with what to do', async () => {
  const errors = await upstreamErrors(
    configOf({ routes: ['mlflow', 'airflow', 'generic'].map((app) => route(app, NOBODY)) }),
  )
  assert.deepEqual(
    errors.map(({ path, got }) => `${path}: ${got}`),
    [0, 1, 2].map((index) => `routes.${index}.upstream: connection refused (ECONNREFUSED)`),
  )
  assert.ok(errors.every(({ hint }) => hint?.startsWith('Start the application')))
})

test('`app: airflow` in front of MLflow is an error, and the reverse', async (t) => {
  const [first, ...others] = await errorsFor(t, mlflow, 'airflow')
  assert.deepEqual(
    { path: first?.path, got: first?.got, hint: first?.hint },
    { path: 'routes.0.upstream', got: 'MLflow 3.17.2', hint: 'Set app: mlflow, or correct the upstream.' },
  )
  assert.deepEqual(others, [])
  for (const prefix of ['', '/mlflow']) {
    const [error] = await errorsFor(t, airflow(prefix), 'mlflow')
    assert.equal(error?.got, 'Airflow 3.1.0')
  }
})

test('something else is neither', async (t) => {
  assert.equal((await errorsFor(t, {}, 'mlflow'))[0]?.got, 'something else at /version')
  assert.equal((await errorsFor(t, {}, 'airflow'))[0]?.got, 'something else at /airflow/api/v2/version')
  assert.equal((await errorsFor(t, { '/version': { body: '<html>3.17.2</html>' } }, 'mlflow')).length, 1)
})

test('Airflow whose base_url has another path is recognized', async (t) => {
  const [error] = await errorsFor(t, airflow(''), 'airflow')
  assert.equal(error?.expected, 'Airflow below /airflow')
  assert.equal(error?.hint, 'Set base_url of Airflow (section [api]) to https://o.example/airflow.')
})

test('a release of MLflow other than the configured one is an error that names both, where it is not detected', async (t) => {
  const [error] = await errorsFor(t, mlflow, 'mlflow', PINNED)
  assert.equal(error?.path, 'routes.0.mlflow.version')
  assert.deepEqual([error?.expected, error?.got], ['"3.17", because the MLflow behind the route is 3.17.2', '"3.18"'])
  assert.equal(error?.hint, 'Set mlflow: { version: "3.17" } in the route.')
})

test('a release of MLflow that the gateway does not know is an error, where it is not detected', async (t) => {
  const [error] = await errorsFor(t, { ...mlflow, '/version': { body: '4.0.0' } }, 'mlflow', PINNED)
  assert.match(error?.expected ?? '', /which is 4\.0\.0$/)
  assert.match(error?.hint ?? '', /3\.17 or 3\.18/)
})

test('a release of MLflow that is detected is no error: it is named, and one that is not known is a warning', async (t) => {
  const found = async (release: string, over = {}) => {
    const url = await startFake(t, () => ({ ...mlflow, '/version': { body: release } }))
    const config = configOf({ routes: [route('mlflow', url, over)] })
    const [errors, warnings] = [await upstreamErrors(config), await upstreamWarnings(config)]
    return [errors.length, warnings.map(({ got, hint }) => `${got}: ${hint}`), await upstreamNotes(config)]
  }
  assert.deepEqual(await found('3.17.2'), [0, [], ['route mlflow: MLflow 3.17.2, catalogue 3.17']])
  assert.deepEqual(await found('3.18.0'), [0, [], ['route mlflow: MLflow 3.18.0, catalogue 3.18']])
  const newer = 'The catalogue of 3.18 is used. Requests that it does not list are denied.'
  assert.deepEqual(await found('3.19.1'), [0, [`3.19.1: ${newer}`], ['route mlflow: MLflow 3.19.1, catalogue 3.18']])
  const older = newer.replace('3.18', '3.17')
  assert.deepEqual(await found('2.22.0'), [0, [`2.22.0: ${older}`], ['route mlflow: MLflow 2.22.0, catalogue 3.17']])
  assert.deepEqual(await found('3.18.0', PINNED), [0, [], ['route mlflow: MLflow 3.18.0, catalogue 3.18']])
})

test('MLflow without workspaces is an error, unless each project has an MLflow', async (t) => {
  const without: Replies = { ...mlflow, '/api/3.0/mlflow/server-info': { body: { workspaces_enabled: false } } }
  const [error] = await errorsFor(t, without, 'mlflow', V317)
  assert.equal(error?.got, 'an MLflow without workspaces')
  assert.match(error?.hint ?? '', /--enable-workspaces/)
  const instance = await startFake(t, () => without)
  const settings = { mlflow: { tenancy: 'instance', instances: { [ALPHA]: instance }, version: '3.17' } }
  assert.deepEqual(await errorsFor(t, {}, 'mlflow', settings), [])
})

test('each instance of MLflow is checked', async (t) => {
  const instances = { [ALPHA]: await startFake(t, () => airflow('')) }
  const errors = await errorsFor(t, {}, 'mlflow', { mlflow: { tenancy: 'instance', instances } })
  assert.deepEqual(
    errors.map(({ path, got }) => `${path}: ${got}`),
    [`routes.0.mlflow.instances.${ALPHA}: Airflow 3.1.0`],
  )
})

test('MLflow that refuses the host of its upstream URL says how to allow it', async (t) => {
  const refusing: Replies = { ...mlflow, '/api/3.0/mlflow/server-info': { status: 403, body: 'Invalid Host header' } }
  const [error] = await errorsFor(t, refusing, 'mlflow', V317)
  assert.match(error?.hint ?? '', /--allowed-hosts 127\.0\.0\.1:\d+/)
})
