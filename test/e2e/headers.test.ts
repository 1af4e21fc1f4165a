import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import type { Browser } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** What an upstream receives when bob, a member of alpha only, claims to be somebody else. */

let kit: Kit
let bob: Browser

before(async () => {
  const routes = [
    { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
    { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
  ]
  kit = await startKit({ routes })
  bob = await signedInBrowser(kit, 'bob')
})
after(() => kit?.close())

const FORGED: readonly (readonly [name: string, value: string])[] = [
  ['X-Forwarded-User', 'alice'],
  ['x_forwarded_user', 'alice'],
  ['X-Forwarded-Groups', 'modelops-admins'],
  ['X-Forwarded-Email', 'alice@o.example'],
  ['x-gateway-assertion', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'],
  ['X_Gateway_Assertion', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'],
]

for (const [name, value] of FORGED) {
  test(`the upstream never receives a forged ${name}`, async () => {
    const response = await bob.fetch(`${kit.url}/notes/`, { headers: { [name]: value } })
    assert.equal(response.status, 200)
    const values = kit.upstream.lastValues(name)
    assert.equal(values.length, 1, 'exactly one, the gateway’s own')
    assert.notEqual(values[0], value)
  })
}

for (const name of ['aoa_project_id', 'AOA_Project_ID', 'AoA-Project_Id']) {
  test(`a project named as ${name} is dropped: the upstream receives bob's own`, async () => {
    const response = await bob.fetch(`${kit.url}/notes/`, { headers: { [name]: BETA } })
    assert.equal(response.status, 200)
    assert.deepEqual(kit.upstream.lastValues('aoa-project-id'), [ALPHA])
    const names = kit.upstream.received.at(-1)?.headers.map(([each]) => each) ?? []
    assert.ok(!names.some((each) => each.includes('_')))
  })
}

test('a project named as AOA-Project-ID is authorized: beta is denied and nothing is forwarded', async () => {
  const before = kit.upstream.received.length
  const response = await bob.fetch(`${kit.url}/notes/`, { headers: { 'AOA-Project-ID': BETA } })
  assert.equal(response.status, 403)
  assert.equal(((await response.json()) as { reason: string }).reason, 'not-in-project')
  assert.equal(kit.upstream.received.length, before)
})

test('the assertion at the upstream verifies with the published keys and names bob, alpha and the route', async () => {
  await bob.fetch(`${kit.url}/notes/`)
  const [assertion = ''] = kit.upstream.lastValues('x-gateway-assertion')
  const keys = createRemoteJWKSet(new URL(`${kit.url}/auth/jwks.json`))
  const { payload } = await jwtVerify(assertion, keys, { issuer: kit.url, audience: 'notes', algorithms: ['ES256'] })
  assert.equal(payload.preferred_username, 'bob')
  assert.equal(payload.project_id, ALPHA)
  assert.deepEqual(payload.groups, ['project-alpha'])
})

test('MLflow gets the workspace of the authorized project, whatever the request contains', async () => {
  const path = '/mlflow/ajax-api/2.0/mlflow/experiments/search?max_results=1'
  const denied = await bob.fetch(kit.url + path, { headers: { 'X-MLFLOW-WORKSPACE': BETA } })
  assert.equal(denied.status, 403)
  const allowed = await bob.fetch(kit.url + path, { headers: { X_MLFLOW_WORKSPACE: BETA } })
  assert.equal(allowed.status, 200)
  assert.deepEqual(kit.upstream.lastValues('x-mlflow-workspace'), [ALPHA])
})

test('no cookie of the gateway and no bearer token reaches the upstream', async () => {
  await bob.fetch(`${kit.url}/notes/`)
  assert.doesNotMatch(kit.upstream.lastValues('cookie').join(), /modelops_gateway/)
  assert.deepEqual(kit.upstream.lastValues('authorization'), [])
})
