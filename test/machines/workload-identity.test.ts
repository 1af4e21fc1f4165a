import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type Kit, startKit } from '../kit.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'
import { gitHubClaims } from '../workload-tokens.ts'

/** Workloads without a secret as clients of the whole gateway. */
const AUD = 'https://o.example'
let kit: Kit
let ci: FakeIssuer

before(async () => {
  ci = await startFakeIssuer()
  await ci.rotate('ci-key')
  const rule = (name: string, repository_id: string, role: string) => ({
    ...{ name, role, project: 'alpha', claims: { repository_id, event_name: 'push' } },
  })
  const rules = [rule('train-alpha', '74001', 'editor'), rule('read-alpha', '74002', 'viewer')]
  const route = (name: string, access: string, app = 'generic') => ({ name, app, path: `/${name}`, access })
  kit = await startKit({
    config: { issuer: { additional: [{ url: ci.url, audiences: [AUD], rules }] } },
    routes: [
      ...[route('notes', 'project'), route('members', 'member'), route('lobby', 'login'), route('ops', 'admin')],
      ...[route('mlflow', 'project', 'mlflow'), route('open', 'public')],
    ],
  })
})
after(() => Promise.all([kit.close(), ci.close()]))
beforeEach(() => {
  kit.logged.length = 0
})

let count = 0
/** Headers with the token of a run. */
async function run(claims: Record<string, unknown> = {}): Promise<Record<string, string>> {
  count += 1
  const frame = { iss: ci.url, aud: AUD, now: Math.floor(Date.now() / 1000) }
  return { authorization: `Bearer ${await ci.sign({ ...gitHubClaims(frame), jti: String(count), ...claims })}` }
}
const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  fetch(`${kit.url}${path}`, { method, headers, redirect: 'manual' })
const reasonOf = async (response: Response) => [response.status, JSON.parse(await response.text()).reason]

test('a run is an editor of its project, which the upstream is told; the token goes no further', async () => {
  assert.equal((await ask('/notes/x', await run(), 'POST')).status, 200)
  assert.deepEqual(kit.upstream.lastValues('AOA-Project-ID'), [ALPHA])
  assert.deepEqual(kit.upstream.lastValues('Authorization'), [])
  const subject = `${ci.url}#repo:acme/train:ref:refs/heads/main`
  assert.deepEqual(kit.upstream.lastValues('X-Forwarded-User'), [subject])
  const { sub, role, project_id, groups, granted } = decodeJwt(kit.upstream.lastValues('X-Gateway-Assertion')[0] ?? '')
  assert.deepEqual(
    { sub, role, project_id, groups, granted },
    { sub: subject, role: 'editor', project_id: ALPHA, groups: [], granted: true },
  )
})

test('it sees nothing of other projects', async () => {
  const headers = await run()
  const session = JSON.parse(await (await ask('/auth/session', headers)).text())
  assert.deepEqual(
    session.projects.map(({ id }: { id: string }) => id),
    [ALPHA],
  )
  const foreign = [403, 'not-in-project']
  for (const project of [BETA, '99999999-9999-4999-8999-999999999999']) {
    assert.deepEqual(await reasonOf(await ask('/notes/x', { ...headers, 'AOA-Project-ID': project })), foreign)
    assert.deepEqual(await reasonOf(await ask(`/notes/x?projectId=${project}`, headers)), foreign)
    assert.deepEqual(await reasonOf(await ask(`/members/x?projectId=${project}`, headers)), foreign)
  }
  for (const name of ['beta', 'gamma']) assert.equal((await ask(`/mlflow/${name}/version`, headers)).status, 403)
  assert.equal((await ask('/members/x', headers)).status, 200)
  const { projects } = decodeJwt(kit.upstream.lastValues('X-Gateway-Assertion')[0] ?? '')
  assert.doesNotMatch(JSON.stringify(projects ?? []), new RegExp(BETA))
})

test('it is no administrator, whatever it claims', async () => {
  const headers = await run({ groups: ['modelops-admins'], client_id: 'ci-service', azp: 'ci-service' })
  assert.deepEqual(await reasonOf(await ask('/ops/x', headers)), [403, 'admin-only'])
  assert.notEqual((await ask('/auth/admin', headers)).status, 200)
})

test('a viewer reads and does not write', async () => {
  const headers = await run({ repository_id: '74002' })
  assert.equal((await ask('/notes/x', headers)).status, 200)
  assert.deepEqual(await reasonOf(await ask('/notes/x', headers, 'POST')), [403, 'viewer-read-only'])
})

test('a run that no rule matches is denied everywhere: at projects, at sign-in routes, at the gateway itself', async () => {
  const headers = await run({ event_name: 'pull_request_target' })
  const seen = kit.upstream.received.length
  for (const path of ['/notes/x', '/members/x', '/lobby/x', '/ops/x', '/auth/session', '/open/x'])
    assert.deepEqual(await reasonOf(await ask(path, headers)), [403, 'no-rule-matches'], path)
  const mlflow = JSON.parse(await (await ask('/mlflow/api/2.0/mlflow/experiments/search', headers)).text())
  assert.equal(mlflow.error_code, 'PERMISSION_DENIED')
  assert.equal(kit.upstream.received.length, seen)
})

test('the audit trail names the rule of an admitted run, and the nearest rule of a denied one', async () => {
  await ask('/notes/x', await run(), 'POST')
  const allowed = kit.logged.find(({ event }) => event === 'allowed')
  assert.deepEqual(
    [allowed?.rule, allowed?.kind, allowed?.role, allowed?.project],
    ['train-alpha', 'machine', 'editor', ALPHA],
  )
  const denied = await run({ event_name: 'pull_request' })
  await ask('/notes/x', denied)
  const line = kit.logged.find(({ event }) => event === 'refused')
  assert.match(String(line?.detail), /nearest rule train-alpha: event_name: expected push, got pull_request$/)
  assert.ok(!JSON.stringify(kit.logged).includes(denied.authorization?.split('.')[2] ?? ''))
})
