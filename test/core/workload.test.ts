import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'
import { gitHubClaims } from '../workload-tokens.ts'
import { startWorld, type World } from './world.ts'

/** A CI job without a secret at the core API, whose projects the gateway reads, and which knows groups alone. */
const AUD = 'https://o.example'
let ci: FakeIssuer
let world: World

before(async () => {
  ci = await startFakeIssuer()
  await ci.rotate('ci-key')
  const rule = (name: string, repository_id: string, role: string) => ({
    ...{ name, role, project: ALPHA, claims: { repository_id } },
  })
  const rules = [rule('train-alpha', '74001', 'editor'), rule('read-alpha', '74002', 'viewer')]
  world = await startWorld({ gateway: { issuer: { additional: [{ url: ci.url, audiences: [AUD], rules }] } } })
})
after(async () => {
  await world?.close()
  await ci?.close()
})

async function ask(path: string, claims: Record<string, unknown> = {}, init: RequestInit = {}) {
  const frame = { iss: ci.url, aud: AUD, now: Math.floor(Date.now() / 1000) }
  const token = await ci.sign({ ...gitHubClaims(frame), ...claims })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers }
  const response = await fetch(`${world.gatewayUrl}/core${path}`, { ...init, headers })
  return { status: response.status, body: JSON.parse(await response.text()) }
}
const validate = { method: 'POST', body: JSON.stringify({ name: 'x' }), headers: { 'AOA-Project-ID': ALPHA } }
const reading = (project: string) => ({ headers: { 'AOA-Project-ID': project } })

test('it reads in its project, and in no other one', async () => {
  assert.equal((await ask('/api/datasetConnections', {}, reading(ALPHA))).status, 200)
  const foreign = await ask('/api/datasetConnections', {}, reading(BETA))
  assert.deepEqual([foreign.status, foreign.body.reason], [403, 'not-in-project'])
})

test('an editor may write, a viewer may not', async () => {
  const editor = await ask('/api/datasetConnections/validate', {}, validate)
  assert.ok(![401, 403].includes(editor.status), JSON.stringify(editor))
  const viewer = await ask('/api/datasetConnections/validate', { repository_id: '74002' }, validate)
  assert.deepEqual([viewer.status, viewer.body.reason], [403, 'viewer-read-only'])
})

test('it is no administrator, and a stranger does not arrive', async () => {
  const create = { method: 'POST', body: JSON.stringify({ name: 'mine', groups: ['g'] }) }
  assert.equal((await ask('/api/projects', {}, create)).status, 403)
  const stranger = await ask('/api/datasetConnections', { repository_id: '5' }, reading(ALPHA))
  assert.deepEqual([stranger.status, stranger.body.reason], [403, 'no-rule-matches'])
})
