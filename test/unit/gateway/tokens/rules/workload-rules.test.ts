import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Grant } from '../../../../../src/gateway/policy/types.ts'
import {
  gitHubClaims,
  gitLabClaims,
  kubernetesClaims,
  spiffeClaims,
  type TokenFrame,
} from '../../../../workload-tokens.ts'
import { type FakeIssuer, startFakeIssuer } from '../../signin/fake-issuer.ts'
import { ALPHA, BETA } from '../../signin/kit.ts'
import { startTokenKit, type TokenKit } from '../kit.ts'

/** Tokens in the forms of their issuers, against rules as the guides write them. */

const AUD = 'https://o.example'
let fake: FakeIssuer
let workloads: FakeIssuer

before(async () => {
  fake = await startFakeIssuer()
  workloads = await startFakeIssuer()
  await workloads.rotate('workload-key')
})
after(() => Promise.all([fake.close(), workloads.close()]))

const frame = (): TokenFrame => ({ iss: workloads.url, aud: AUD, now: Math.floor(Date.now() / 1000) })
const rule = (claims: Record<string, string>, over: Record<string, unknown> = {}) => ({
  ...{ name: 'train-alpha', claims, project: ALPHA, role: 'editor', ...over },
})
const kitWith = (rules: unknown[], over: Record<string, unknown> = {}): TokenKit =>
  startTokenKit(fake, { issuer: { additional: [{ url: workloads.url, audiences: [AUD], rules, ...over }] } })

async function grantsOf(kit: TokenKit, claims: Record<string, unknown>): Promise<readonly Grant[] | string> {
  const token = await workloads.sign(claims)
  try {
    return (await kit.verifyBearer(token, '192.0.2.1')).grants ?? []
  } catch (error) {
    return (error as { reason: string }).reason
  }
}
const EDITOR = [{ projectId: ALPHA, role: 'editor', rule: 'train-alpha' }]

const GITHUB = { repository_id: '74001', repository_owner_id: '65001', event_name: 'push', ref: 'refs/heads/*' }
const GITLAB = { project_id: '20001', ref_protected: 'true', pipeline_source: 'push' }
const POD = { '/kubernetes.io/namespace': 'ml', '/kubernetes.io/serviceaccount/name': 'trainer' }

const accepted: [string, Record<string, string>, () => Record<string, unknown>][] = [
  ['a run of GitHub Actions', GITHUB, () => gitHubClaims(frame())],
  ['a job of GitLab', GITLAB, () => gitLabClaims(frame())],
  ['a pod of Kubernetes', POD, () => kubernetesClaims(frame())],
  ['a pod by its subject', { sub: 'system:serviceaccount:ml:trainer' }, () => kubernetesClaims(frame())],
  ['a SPIFFE ID', { sub: 'spiffe://acme.example/ns/ml/sa/trainer' }, () => spiffeClaims(frame())],
]
for (const [name, claims, token] of accepted) {
  test(`${name} becomes a member of one project`, async () => {
    const kit = kitWith([rule(claims)])
    assert.deepEqual(await grantsOf(kit, token()), EDITOR)
    const principal = await kit.verifyBearer(await workloads.sign(token()), '192.0.2.1')
    assert.equal(principal.subject, `${workloads.url}#${String(token().sub)}`)
    assert.deepEqual([principal.kind, principal.clientId, principal.groups.size], ['machine', undefined, 0])
  })
}

const refused: [string, Record<string, string>, () => Record<string, unknown>][] = [
  ['a run in another repository', GITHUB, () => ({ ...gitHubClaims(frame()), repository_id: '74002' })],
  [
    'a run in a repository that took the name over',
    GITHUB,
    () => ({ ...gitHubClaims(frame()), repository_id: '99', repository_owner_id: '98' }),
  ],
  [
    'a pull request',
    GITHUB,
    () => ({
      ...gitHubClaims(frame()),
      sub: 'repo:acme/train:pull_request',
      event_name: 'pull_request',
      ref: 'refs/pull/7/merge',
    }),
  ],
  [
    'a run that a pull request of a fork started',
    GITHUB,
    () => ({ ...gitHubClaims(frame()), event_name: 'pull_request_target' }),
  ],
  ['a run that a comment started', GITHUB, () => ({ ...gitHubClaims(frame()), event_name: 'issue_comment' })],
  ['a tag where branches are meant', GITHUB, () => ({ ...gitHubClaims(frame()), ref: 'refs/tags/main' })],
  [
    'a branch with a slash where one segment is meant',
    GITHUB,
    () => ({ ...gitHubClaims(frame()), ref: 'refs/heads/a/b' }),
  ],
  ['a number where a text is meant', GITHUB, () => ({ ...gitHubClaims(frame()), repository_id: 74001 })],
  ['a list of one text', GITHUB, () => ({ ...gitHubClaims(frame()), repository_id: ['74001'] })],
  ['a missing claim', GITHUB, () => ({ ...gitHubClaims(frame()), repository_owner_id: undefined })],
  ['null', GITHUB, () => ({ ...gitHubClaims(frame()), event_name: null })],
  [
    'a merge request of a fork, which GitLab reports as the fork',
    GITLAB,
    () => ({
      ...gitLabClaims(frame()),
      project_id: '30007',
      project_path: 'mallory/train',
      pipeline_source: 'merge_request_event',
    }),
  ],
  ['an unprotected branch', GITLAB, () => ({ ...gitLabClaims(frame()), ref_protected: 'false' })],
  ['a protected branch as a boolean', GITLAB, () => ({ ...gitLabClaims(frame()), ref_protected: true })],
  [
    'the same name in another namespace',
    POD,
    () => ({
      ...kubernetesClaims(frame()),
      'kubernetes.io': { namespace: 'other', serviceaccount: { name: 'trainer' } },
    }),
  ],
  [
    'claims with dots in place of an object',
    POD,
    () => ({
      ...kubernetesClaims(frame()),
      'kubernetes.io': undefined,
      'kubernetes.io/namespace': 'ml',
      '/kubernetes.io/namespace': 'ml',
      kubernetes: { io: { namespace: 'ml' } },
    }),
  ],
  [
    'a list in place of an object',
    POD,
    () => ({
      ...kubernetesClaims(frame()),
      'kubernetes.io': [{ namespace: 'ml', serviceaccount: { name: 'trainer' } }],
    }),
  ],
  [
    'another trust domain',
    { sub: 'spiffe://acme.example/ns/ml/sa/trainer' },
    () => ({ ...spiffeClaims(frame()), sub: 'spiffe://acme.example.evil/ns/ml/sa/trainer' }),
  ],
  [
    'a longer path',
    { sub: 'spiffe://acme.example/ns/ml/sa/trainer' },
    () => ({ ...spiffeClaims(frame()), sub: 'spiffe://acme.example/ns/ml/sa/trainer/x' }),
  ],
  [
    'other case',
    { sub: 'repo:acme/train:ref:refs/heads/main' },
    () => ({ ...gitHubClaims(frame()), sub: 'repo:Acme/train:ref:refs/heads/main' }),
  ],
  [
    'letters that look the same',
    { repository: 'acme/train' },
    () => ({ ...gitHubClaims(frame()), repository: 'аcme/train' }),
  ],
  [
    'an environment that imitates a ref',
    { repository_id: '74001', sub: 'repo:acme/train:ref:refs/heads/*' },
    () => ({ ...gitHubClaims(frame()), sub: 'repo:acme/train:environment:x%3Aref%3Arefs/heads/main' }),
  ],
  [
    'an environment with colons',
    { repository_id: '74001', sub: 'repo:acme/train:ref:refs/heads/*' },
    () => ({ ...gitHubClaims(frame()), sub: 'repo:acme/train:environment:ref:refs/heads/main' }),
  ],
]
for (const [name, claims, token] of refused) {
  test(`no rule matches ${name}`, async () => {
    assert.equal(await grantsOf(kitWith([rule(claims)]), token()), 'no-rule-matches')
  })
}

test('a token for another audience, or from another issuer, is not compared with any rule', async () => {
  const kit = kitWith([rule(GITHUB)])
  const invalid: [string, Record<string, unknown>][] = [
    ['another audience', { aud: 'https://github.com/acme' }],
    ['an audience that begins in the same way', { aud: `${AUD}.evil` }],
    ['a slash at the end of the issuer', { iss: `${workloads.url}/` }],
    ['an issuer per enterprise', { iss: `${workloads.url}/acme` }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
  ]
  for (const [name, change] of invalid)
    assert.equal(await grantsOf(kit, { ...gitHubClaims(frame()), ...change }), 'token-invalid', name)
  // A list of audiences may name others too (RFC 7519 §4.1.3).
  assert.deepEqual(await grantsOf(kit, { ...gitHubClaims(frame()), aud: ['x', AUD] }), EDITOR)
})

test('rules of one issuer say nothing about tokens of another one', async () => {
  const kit = kitWith([rule({ sub: 'bob-sub' })])
  const own = await kit.verifyBearer(await fake.sign({ ...kit.claims(), groups: [] }), '192.0.2.1')
  assert.equal(own.grants, undefined)
})

test('all rules that match count: each gives its project, and the stronger role of one project', async () => {
  const kit = kitWith([
    rule({ repository_id: '74001' }, { name: 'read-alpha', role: 'viewer' }),
    rule(GITHUB),
    rule({ repository_id: '74001' }, { name: 'read-beta', project: 'beta', role: 'viewer' }),
    rule({ repository_id: '1' }, { name: 'other', project: BETA }),
  ])
  assert.deepEqual(await grantsOf(kit, gitHubClaims(frame())), [
    { projectId: ALPHA, role: 'viewer', rule: 'read-alpha' },
    ...EDITOR,
    { projectId: BETA, role: 'viewer', rule: 'read-beta' },
  ])
})

test('claims of the token name no group, project or client, whatever they are called', async () => {
  const kit = kitWith([rule(GITHUB)])
  const principal = await kit.verifyBearer(
    await workloads.sign({
      ...gitHubClaims(frame()),
      ...{
        groups: ['modelops-admins', 'project-beta'],
        project_ids: [BETA],
        azp: 'ci-service',
        client_id: 'ci-service',
      },
      grants: [{ projectId: BETA, role: 'editor', rule: 'x' }],
    }),
    '192.0.2.1',
  )
  assert.deepEqual(principal.grants, EDITOR)
  assert.deepEqual([principal.groups.size, principal.projectIds.size, principal.clientId], [0, 0, undefined])
})

test('a subject with groups in the configuration needs no rule', async () => {
  const kit = kitWith([rule({ sub: 'somebody' })], {
    groups: { 'repo:acme/train:ref:refs/heads/main': ['project-beta'] },
  })
  const principal = await kit.verifyBearer(await workloads.sign(gitHubClaims(frame())), '192.0.2.1')
  assert.deepEqual([[...principal.groups], principal.grants], [['project-beta'], []])
})

test('a denial tells the log the nearest rule and the client only its own subject', async () => {
  const kit = kitWith([rule({ repository_id: '1' }, { name: 'far' }), rule({ ...GITHUB, environment: 'secret-name' })])
  const token = await workloads.sign({ ...gitHubClaims(frame()), ref: 'refs/heads/a/b' })
  await assert.rejects(kit.verifyBearer(token, '192.0.2.1'), (error: Error & { explain: string; status: number }) => {
    assert.equal(error.status, 403)
    assert.match(error.message, /nearest rule far: repository_id: expected 1, got 74001$/)
    assert.match(error.explain, /^Its subject is repo:acme\/train:ref:refs\/heads\/main\. /)
    assert.doesNotMatch(error.explain, /far|secret-name|74001/)
    return true
  })
})

test('strangers with good tokens are limited like those with bad ones', async () => {
  const kit = startTokenKit(fake, {
    issuer: { additional: [{ url: workloads.url, audiences: [AUD], rules: [rule({ sub: 'x' })] }] },
    limits: { badTokensPerMinute: 3 },
  })
  const reasons: unknown[] = []
  for (let index = 0; index < 5; index += 1)
    reasons.push(await grantsOf(kit, { ...gitHubClaims(frame()), jti: String(index) }))
  assert.deepEqual(reasons, [...Array(3).fill('no-rule-matches'), 'rate-limited', 'rate-limited'])
})
