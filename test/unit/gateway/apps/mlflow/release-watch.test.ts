import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import {
  catalogueFor,
  type DetectedRelease,
  ReleaseWatch,
  releaseIn,
} from '../../../../../src/gateway/apps/mlflow/catalogue/release-watch.ts'
import { buildMlflowProfile } from '../../../../../src/gateway/apps/mlflow/profile.ts'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { admit, askFor, mlflowRoute } from './fixtures.ts'

const chosen: [string, string, boolean][] = [
  ['3.17.0', '3.17', true],
  ['3.17.2', '3.17', true],
  ['3.18.0', '3.18', true],
  ['3.18.1.dev0', '3.18', true],
  ['3.19.0', '3.18', false],
  ['3.170.0', '3.18', false],
  ['4.0.0', '3.18', false],
  ['3.16.9', '3.17', false],
  ['3.2.0', '3.17', false],
  ['2.22.0', '3.17', false],
  ['0.0.1', '3.17', false],
]
for (const [release, catalogue, isKnown] of chosen)
  test(`MLflow ${release} is served by the catalogue of ${catalogue}, ${isKnown ? 'its own' : 'the nearest'}`, () => {
    assert.deepEqual(catalogueFor(release), { release, catalogue, isKnown })
  })

test('only a release is taken for one', () => {
  assert.equal(releaseIn(200, '3.17.2\n'), '3.17.2')
  const others: [number, string][] = [
    [404, '3.17.2'],
    [200, '<html>3.17.2</html>'],
    [200, '{"version":"3.17.2"}'],
    [200, ''],
    [200, '3'],
    [200, '3.17'],
    [200, `3.17.${'9'.repeat(100)}`],
    [200, '3.17.2 evil="x"'],
  ]
  for (const [status, text] of others) assert.equal(releaseIn(status, text), undefined, text)
})

/** An MLflow that tells its release, also to the gateway's own calls about workspaces. */
async function startMlflow(t: TestContext, release = '3.17.2') {
  const state = { release, status: 200, asked: 0 }
  const server = createServer((request, response) => {
    if (request.url === '/version') {
      state.asked += 1
      response.writeHead(state.status).end(state.release)
    } else response.writeHead(200, { 'content-type': 'application/json' }).end('{"experiment":{"experiment_id":"7"}}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function watch(upstream: string) {
  const time = { now: 0 }
  const seen: DetectedRelease[] = []
  const watched = new ReleaseWatch({
    ...{ upstream, configured: '3.18', clock: () => time.now },
    onRelease: (release) => void seen.push(release),
  })
  return { time, seen, watched }
}

test('until the release is known the configured catalogue counts, then its own', async (t) => {
  const { url } = await startMlflow(t)
  const { seen, watched } = watch(url)
  assert.equal(watched.catalogue, '3.18')
  assert.equal(watched.find('GET', '/api/3.0/mlflow/skills')?.use, 'admin')
  await watched.refresh()
  assert.equal(watched.catalogue, '3.17')
  assert.equal(watched.find('GET', '/api/3.0/mlflow/skills'), undefined)
  assert.deepEqual(seen, [{ release: '3.17.2', catalogue: '3.17', isKnown: true }])
})

test('a release is read once for all who wait, and again after a minute', async (t) => {
  const { state, url } = await startMlflow(t)
  const { time, seen, watched } = watch(url)
  await Promise.all([watched.refresh(), watched.refresh(), watched.refresh()])
  time.now = 59_999
  assert.equal(watched.refresh(), undefined)
  assert.equal(state.asked, 1)
  state.release = '3.18.0'
  time.now = 60_000
  await watched.refresh()
  assert.deepEqual([state.asked, watched.catalogue, seen.length], [2, '3.18', 2])
  time.now = 120_000
  await watched.refresh()
  assert.equal(seen.length, 2, 'the same release is not told again')
})

test('an MLflow that does not tell its release keeps the last known one, and is asked again after five seconds', async (t) => {
  const { state, url } = await startMlflow(t)
  const { time, watched } = watch(url)
  await watched.refresh()
  for (const [status, release] of [
    [500, '3.18.0'],
    [200, '<html>'],
  ] as const) {
    Object.assign(state, { status, release })
    time.now += 60_000
    await watched.refresh()
    assert.equal(watched.catalogue, '3.17')
    time.now += 4999
    assert.equal(watched.refresh(), undefined)
    time.now += 1
    await watched.refresh()
  }
  assert.equal(state.asked, 5)
})

test('an MLflow that is down keeps the configured catalogue', async () => {
  const { seen, watched } = watch('http://127.0.0.1:1')
  await watched.refresh()
  assert.deepEqual([watched.catalogue, seen], ['3.18', []])
})

const SKILLS = 'GET /api/3.0/mlflow/skills'
const SEARCH = 'POST /api/2.0/mlflow/runs/search'

function profileAt(url: string, mlflow: object = {}) {
  const time = { now: 0 }
  const seen: string[] = []
  const onRelease = ({ release }: { release: string }) => void seen.push(release)
  const profile = buildMlflowProfile(mlflowRoute(mlflow, url), { clock: () => time.now, onRelease })
  return { time, seen, profile }
}

test('a request that was authorized by another catalogue than the one that counts now is to be sent again', async (t) => {
  const { state, url } = await startMlflow(t, '3.18.0')
  const { time, profile } = profileAt(url)
  await profile.warmUp?.()
  await profile.prepare?.(admit(SEARCH))
  state.release = '3.17.2'
  time.now = 60_000
  assert.equal(profile.use(askFor(SKILLS)), 'admin')
  const again = (error: unknown) => error instanceof Refusal && error.reason === 'upstream-not-ready'
  await assert.rejects(async () => profile.prepare?.(admit(SKILLS)), again)
  assert.equal(profile.use(askFor(SKILLS)), 'denied')
  state.release = '3.18.0'
  time.now = 120_000
  await assert.rejects(async () => profile.prepare?.(admit(SEARCH)), again, 'its body was to be checked by the other')
  await profile.prepare?.(admit(SEARCH))
})

test('a page of a new release is not to be loaded again where both catalogues allow the same', async (t) => {
  const { url } = await startMlflow(t)
  const { seen, profile } = profileAt(url)
  await profile.prepare?.(admit('GET /api/2.0/mlflow/runs/get'))
  assert.deepEqual(seen, ['3.17.2'])
})

test('nobody is asked where detection is off, or each project has an MLflow of its own', async (t) => {
  const { state, url } = await startMlflow(t)
  const { ALPHA } = await import('./fixtures.ts')
  for (const mlflow of [{ detectRelease: false }, { tenancy: 'instance', instances: { [ALPHA.id]: url } }]) {
    const { profile } = profileAt(url, mlflow)
    assert.equal(profile.warmUp, undefined)
    await profile.prepare?.(admit(SEARCH))
  }
  const plain = buildMlflowProfile(mlflowRoute(undefined, url))
  assert.equal(plain.warmUp, undefined)
  assert.equal(state.asked, 0)
})
