import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'

/** MLflow's workspace header with the namespace of a pod: what is authorized is the project that the configuration names. */
const SEARCH = '/api/2.0/mlflow/experiments/search?max_results=1'
const NOWHERE = '99999999-9999-4999-8999-999999999999'
let mlflow: Recorder
let kit: Kit
const cookies: Record<string, string> = {}

before(async () => {
  mlflow = await startRecorder()
  const instances = { [ALPHA]: mlflow.url, [BETA]: mlflow.url.replace('127.0.0.1', 'localhost') }
  const namespaces = { 'team-a': ALPHA, 'team-a-too': ALPHA, 'team-b': BETA, orphan: NOWHERE }
  const route = { app: 'mlflow', access: 'project' }
  kit = await startKit({
    routes: [
      { ...route, name: 'mlflow', path: '/mlflow', mlflow: { tenancy: 'instance', instances, namespaces } },
      { ...route, name: 'plain', path: '/plain', mlflow: { tenancy: 'instance', instances } },
      { name: 'notes', app: 'generic', path: '/notes', access: 'project', upstream: mlflow.url },
    ],
  })
  for (const name of ['bob', 'dave', 'alice', 'erin'])
    cookies[name] = (await signedInBrowser(kit, name)).cookieHeader(new URL(kit.url))
})
after(async () => {
  await kit.close()
  await mlflow.close()
})

type Fields = Record<string, string | string[]>
async function ask(user: string, path: string, fields: Fields): Promise<string> {
  const before = mlflow.received.length
  const headers = new Headers({ cookie: cookies[user] ?? '' })
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) headers.append(name, value)
  const response = await fetch(kit.url + path, { headers })
  const text = await response.text()
  if (response.status === 200) return '200'
  assert.equal(mlflow.received.length, before, 'nothing is forwarded')
  return `${response.status} ${(JSON.parse(text) as { reason: string }).reason}`
}
const WORKSPACE = 'X-MLFLOW-WORKSPACE'

test('a namespace is forwarded as its project, and the header of the client is not', async () => {
  for (const namespace of ['team-a', 'team-a-too']) {
    assert.equal(await ask('bob', `/mlflow${SEARCH}`, { [WORKSPACE]: namespace }), '200')
    assert.deepEqual(mlflow.lastValues('aoa-project-id'), [ALPHA])
    assert.deepEqual(mlflow.lastValues(WORKSPACE), [])
    assert.ok(!JSON.stringify(mlflow.received.at(-1)).includes(namespace))
  }
})

test('the namespace and other names of the project must agree', async () => {
  for (const path of [`/mlflow/${ALPHA}${SEARCH}`, `/mlflow/alpha${SEARCH}`, `/mlflow${SEARCH}&projectId=${ALPHA}`])
    assert.equal(await ask('dave', path, { [WORKSPACE]: 'team-a', 'AOA-Project-ID': ALPHA }), '200', path)
  for (const path of [`/mlflow/${BETA}${SEARCH}`, `/mlflow/beta${SEARCH}`, `/mlflow${SEARCH}&projectId=${BETA}`])
    assert.equal(await ask('dave', path, { [WORKSPACE]: 'team-a' }), '400 project-ambiguous', path)
  assert.equal(
    await ask('dave', `/mlflow${SEARCH}`, { [WORKSPACE]: 'team-a', 'AOA-Project-ID': BETA }),
    '400 project-ambiguous',
  )
})

test('a namespace of others and one of no project are denied in the same way, whatever else is named', async () => {
  for (const beside of ['', `/${ALPHA}`, `/${BETA}`, '/alpha', '/beta'])
    for (const namespace of ['team-b', 'team-x', 'orphan'])
      assert.equal(
        await ask('bob', `/mlflow${beside}${SEARCH}`, { [WORKSPACE]: namespace }),
        '403 not-in-project',
        `${beside} ${namespace}`,
      )
  assert.equal(await ask('alice', `/mlflow${SEARCH}`, { [WORKSPACE]: 'team-x' }), '403 not-in-project')
  assert.equal(await ask('erin', `/mlflow${SEARCH}`, { [WORKSPACE]: 'team-a' }), '403 not-in-project')
})

const malformed: [string, string | string[]][] = [
  ['two namespaces in one field', 'team-a, team-a'],
  ['another case', 'Team-A'],
  ['a name of every object', '__proto__'],
  ['a path', 'team-a/..'],
  ['a space', 'team a'],
]
for (const [what, value] of malformed)
  test(`${what} is malformed`, async () =>
    assert.equal(await ask('dave', `/mlflow${SEARCH}`, { [WORKSPACE]: value }), '400 project-malformed'))

test('names of JavaScript objects are namespaces of no project', async () => {
  for (const name of ['constructor', 'valueof', 'tostring'])
    assert.equal(await ask('dave', `/mlflow${SEARCH}`, { [WORKSPACE]: name }), '403 not-in-project')
})

test('a namespace counts in MLflow’s header alone, and only where the route has namespaces', async () => {
  assert.equal(await ask('bob', `/mlflow${SEARCH}`, { 'AOA-Project-ID': 'team-a' }), '400 project-malformed')
  assert.equal(await ask('bob', `/mlflow${SEARCH}&projectId=team-a`, {}), '400 project-malformed')
  assert.equal(await ask('bob', `/plain${SEARCH}`, { [WORKSPACE]: 'team-a' }), '400 project-malformed')
  assert.equal(await ask('bob', '/notes/x', { [WORKSPACE]: 'team-b' }), '200')
  assert.deepEqual(mlflow.lastValues('aoa-project-id'), [ALPHA])
})

test('the audit line of a denial names the namespace', async () => {
  await ask('bob', `/mlflow${SEARCH}`, { [WORKSPACE]: 'team-b' })
  assert.equal(kit.logged.findLast(({ requested_project: named }) => named !== undefined)?.requested_project, 'team-b')
})
