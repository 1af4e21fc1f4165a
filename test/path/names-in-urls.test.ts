import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import type { Browser, Send } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { withoutWhatIsNew } from './comparable.ts'

/** `/mlflow/alpha/` is `/mlflow/<uuid>/`: the same bytes are forwarded, and a foreign name does not exist. */
const SEARCH = '/api/2.0/mlflow/experiments/search?max_results=1'
let mlflow: Recorder
let kit: Kit
let bob: Browser
let admin: Browser
before(async () => {
  mlflow = await startRecorder()
  const instances = { [ALPHA]: mlflow.url, [BETA]: mlflow.url.replace('127.0.0.1', 'localhost') }
  kit = await startKit({
    config: {
      projects: {
        source: 'static',
        list: [
          { id: ALPHA, name: 'alpha', groups: ['project-alpha'], previousNames: ['first-name'] },
          { id: BETA, name: 'beta', groups: ['project-beta'], previousNames: ['beta-before'] },
        ] as never,
      },
    },
    // One MLflow per project: nothing is sent to it but the request itself.
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', mlflow: { tenancy: 'instance', instances } },
    ],
  })
  bob = await signedInBrowser(kit, 'bob')
  admin = await signedInBrowser(kit, 'alice')
})
after(async () => {
  await kit.close()
  await mlflow.close()
})

const ask = (path: string, init: Send = {}, browser = bob) => browser.fetch(`${kit.url}/mlflow${path}`, init)
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

async function denialOf(path: string, init: Send = {}, browser = bob): Promise<string> {
  const before = mlflow.received.length
  const response = await ask(path, init, browser)
  assert.equal(mlflow.received.length, before, 'nothing is forwarded')
  return `${response.status} ${((await response.json()) as { reason: string }).reason}`
}

test('a name is forwarded as the UUID is, byte for byte', async () => {
  for (const path of ['/', SEARCH, '/static-files/main.js', '/ajax-api/2.0/mlflow/runs/get?run_id=%41b']) {
    const targets = []
    for (const project of [ALPHA, 'alpha']) {
      const response = await ask(`/${project}${path}`)
      assert.equal(response.status, 200, path)
      targets.push(mlflow.received.at(-1)?.target)
      assert.deepEqual(mlflow.lastValues('aoa-project-id'), [ALPHA])
    }
    assert.deepEqual(targets, [path, path])
  }
})

test('the start page of a name needs its slash, as that of a UUID', async () => {
  for (const project of [ALPHA, 'alpha', 'nobody-name']) {
    const response = await ask(`/${project}?x=1`, { headers: PAGE })
    assert.deepEqual([response.status, response.headers.get('location')], [302, `/mlflow/${project}/?x=1`])
  }
})

test('a name does not hide a path of MLflow', async () => {
  assert.equal((await ask('/api/2.0/mlflow/experiments/search')).status, 200)
  assert.equal(mlflow.received.at(-1)?.target, '/api/2.0/mlflow/experiments/search')
  for (const path of ['/gateway/proxy', '/signup', '/health/x'])
    assert.match(await denialOf(path), /app-denied|no-route/)
})

test('an administrator reaches every project by its name', async () => {
  assert.equal((await ask(`/beta${SEARCH}`, {}, admin)).status, 200)
  assert.deepEqual(mlflow.lastValues('aoa-project-id'), [BETA])
})

test('path and header that agree are one project, and that differ are ambiguous', async () => {
  const send = (header: string): Send => ({ headers: { 'AOA-Project-ID': header } })
  assert.equal((await ask(`/alpha${SEARCH}`, send(ALPHA))).status, 200)
  assert.equal(await denialOf(`/alpha${SEARCH}`, send(BETA)), '400 project-ambiguous')
  assert.equal(await denialOf(`/beta${SEARCH}`, send(ALPHA), admin), '400 project-ambiguous')
  assert.equal(await denialOf(`/alpha${SEARCH}&projectId=${BETA}`), '400 project-ambiguous')
  assert.equal(
    await denialOf(`/alpha${SEARCH}`, { headers: { 'X-MLFLOW-WORKSPACE': 'alpha' } }),
    '400 project-malformed',
  )
})

const foreign: [string, (name: string) => [string, Send?]][] = [
  ['opens it', (name) => [`/${name}/`, { headers: PAGE }]],
  ['opens it without the slash', (name) => [`/${name}`, { headers: PAGE }]],
  ['sends a request', (name) => [`/${name}${SEARCH}`]],
  ['writes', (name) => [`/${name}/api/2.0/mlflow/runs/create`, { method: 'POST', headers: { origin: kit.url } }]],
  ['names the own project beside it', (name) => [`/${name}${SEARCH}`, { headers: { 'AOA-Project-ID': ALPHA } }]],
  ['names its ID beside it', (name) => [`/${name}${SEARCH}`, { headers: { 'AOA-Project-ID': BETA } }]],
  ['asks for what MLflow does not have', (name) => [`/${name}/nothing`]],
]
for (const [what, request] of foreign)
  test(`a member of another project who ${what} sees the same as for a name that nothing has`, async () => {
    const seen = async (name: string) => {
      const before = mlflow.received.length
      const response = await ask(...request(name))
      assert.equal(mlflow.received.length, before, 'nothing is forwarded')
      const text = `${response.status}\n${[...response.headers].join('\n')}\n${await response.text()}`
      return withoutWhatIsNew(text.replaceAll(name, '(name)')).replaceAll(
        /(content-length,|\nRequest ID: )[^\n"'<]*/g,
        '$1',
      )
    }
    const unknown = await seen('nobody-name')
    assert.equal(await seen('beta'), unknown)
    assert.equal(await seen('beta-before'), unknown)
  })

test('without a session a name is as unknown as any other', async () => {
  const texts = await Promise.all(
    ['alpha', 'nobody-name'].map(async (name) => {
      const response = await fetch(`${kit.url}/mlflow/${name}${SEARCH}`, { redirect: 'manual' })
      return `${response.status} ${((await response.json()) as { reason: string }).reason}`
    }),
  )
  assert.deepEqual(texts, ['401 login-required', '401 login-required'])
})

test('a previous name leads members to the current one, with the same method', async () => {
  for (const [method, path, status] of [
    ['GET', SEARCH, 302],
    ['HEAD', '/', 302], // on the API it is denied
    ['POST', SEARCH, 308],
  ] as const) {
    const response = await ask(`/first-name${path}`, { method, headers: { origin: kit.url } })
    assert.deepEqual([response.status, response.headers.get('location')], [status, `/mlflow/alpha${path}`])
  }
  assert.equal(await denialOf(`/first-name${SEARCH}`, {}, await signedInBrowser(kit, 'carol')), '403 not-in-project')
})

test('an escaped letter of a name is that letter, as everywhere in a path', async () => {
  assert.equal((await ask(`/%61lpha${SEARCH}`)).status, 200)
  assert.equal(mlflow.received.at(-1)?.target, SEARCH)
})

const spellings = ['Alpha', 'alpha%2F', 'alpha;x', 'alpha.', 'alpha%20', 'ａlpha', 'alpha//']
for (const spelling of spellings)
  test(`"${spelling}" is not the name "alpha"`, async () => {
    assert.match(await denialOf(`/${encodeURI(spelling).replaceAll('%25', '%')}${SEARCH}`), /^40[034] /)
  })
