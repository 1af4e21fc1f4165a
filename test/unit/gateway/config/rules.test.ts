import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111'
const GITHUB = 'https://token.actions.githubusercontent.com'

type Section = Record<string, unknown>
const rule = (over: Section = {}) => ({
  ...{ name: 'train', claims: { repository_id: '74001' }, project: ALPHA, role: 'editor', ...over },
})

/** Paths of the errors. */
function errorsOf(additional: Section | Section[], over: Section = {}): string[] {
  const list = [additional].flat().map((one) => ({ url: GITHUB, audiences: ['https://o.example'], ...one }))
  const raw = {
    server: { publicUrl: 'https://o.example' },
    issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a client secret', additional: list },
    session: { secrets: ['a session secret of 32 bytes or more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [{ id: ALPHA, name: 'alpha', groups: ['a'] }] },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
    ...over,
  }
  try {
    parseConfig(JSON.stringify(raw), 'gateway.yaml', {})
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return error.errors.map(({ path }) => path.replace('issuer.additional.0.', ''))
  }
}
const claims = (value: Section) => errorsOf({ rules: [rule({ claims: value })] })

const bound: [string, Section][] = [
  ['the ID of a repository', { repository_id: '74001' }],
  ['a repository', { repository: 'acme/train', ref: 'refs/heads/*' }],
  ['a subject', { sub: 'repo:acme/train:ref:refs/heads/main' }],
  ['a project of GitLab', { project_id: '20001', ref: '*' }],
  ['a namespace of Kubernetes', { '/kubernetes.io/namespace': 'ml' }],
  ['an account of Kubernetes', { '/kubernetes.io/serviceaccount/uid': 'a087d5a0', '/kubernetes.io/pod/name': '*' }],
  ['the subject as a pointer', { '/sub': 'x' }],
]
for (const [name, value] of bound) test(`a rule is bound by ${name}`, () => assert.deepEqual(claims(value), []))

const unbound: [string, Section][] = [
  ['a ref', { ref: 'refs/heads/main' }],
  ['an environment', { environment: 'production' }],
  ['an event and a workflow', { event_name: 'push', workflow: 'train' }],
  ['the owner of repositories', { repository_owner: 'acme', repository_owner_id: '65001' }],
  ['a workflow that others can call', { job_workflow_ref: 'acme/ci/.github/workflows/x.yml@refs/heads/main' }],
  ['wildcards', { sub: '*', repository: '*/*' }],
  ['a pattern of a subject', { sub: 'repo:acme/*:ref:refs/heads/main' }],
  ['a pattern of a repository', { repository: 'acme/*' }],
  ['a namespace of GitLab', { namespace_id: '72' }],
  ['the name of an account in any namespace', { '/kubernetes.io/serviceaccount/name': 'trainer' }],
  ['a path that is read as one name', { 'kubernetes.io.namespace': 'ml' }],
]
for (const [name, value] of unbound)
  test(`a rule with only ${name} is refused`, () => assert.deepEqual(claims(value), ['rules.0.claims']))

test('another issuer names the claims that identify its workloads', () => {
  const one = { rules: [rule({ claims: { pipeline_id: 'p-1' } })] }
  assert.deepEqual(errorsOf(one), ['rules.0.claims'])
  assert.deepEqual(errorsOf({ ...one, subjectClaims: ['pipeline_id'] }), [])
  assert.deepEqual(errorsOf({ rules: [rule()], subjectClaims: ['pipeline_id'] }), ['rules.0.claims'])
  assert.deepEqual(errorsOf({ rules: [rule()], subjectClaims: [] }), ['subjectClaims'])
})

test('no rules at all, where rules are meant, stop the start', () =>
  assert.deepEqual(errorsOf({ rules: [] }), ['rules']))

test('a rule has claims, texts in ASCII, patterns of whole segments', () => {
  assert.notDeepEqual(claims({}), [])
  for (const value of [74001, true, ['a'], null, '', ' a', 'release-*', 'refs/heads/**', 'аcme/train'])
    assert.notDeepEqual(claims({ repository_id: '1', other: value }), [], JSON.stringify(value))
  for (const name of ['', '/', '/a//b', '/a~2'])
    assert.notDeepEqual(claims({ repository_id: '1', [name]: 'x' }), [], name)
})

test('what is verified already is no claim of a rule', () => {
  for (const name of ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', '/aud'])
    assert.deepEqual(claims({ repository_id: '74001', [name]: 'x' }), ['rules.0.claims'], name)
})

test('the project is known: by UUID or name in a static list, by UUID elsewhere', () => {
  const file = { projects: { source: 'file', path: 'projects.yaml' } }
  const project = (value: string, over: Section = {}) => errorsOf({ rules: [rule({ project: value })] }, over)
  assert.deepEqual(project('alpha'), [])
  assert.deepEqual(project(ALPHA.toUpperCase()), [])
  for (const unknown of ['gamma', 'Alpha', '99999999-9999-4999-8999-999999999999', ''])
    assert.deepEqual(project(unknown), ['rules.0.project'], unknown)
  assert.deepEqual(project('alpha', file), ['rules.0.project'])
  assert.deepEqual(project('99999999-9999-4999-8999-999999999999', file), [])
})

test('no rule, and nothing else of an issuer with rules, makes an administrator', () => {
  assert.deepEqual(errorsOf({ rules: [rule({ role: 'admin' })] }), ['rules.0.role'])
  assert.deepEqual(errorsOf({ rules: [rule()], groupsClaim: 'groups' }), ['groupsClaim'])
  assert.deepEqual(errorsOf({ rules: [rule()], groups: { x: ['modelops-admins'] } }), ['groups'])
  assert.deepEqual(errorsOf({ rules: [rule()], groups: { x: ['project-alpha'] } }), [])
})

test('rules have unique names, over all issuers', () => {
  assert.deepEqual(errorsOf({ rules: [rule(), rule()] }), ['rules.1.name'])
  const two = [{ rules: [rule()] }, { url: 'https://gitlab.example', rules: [rule()] }]
  assert.deepEqual(errorsOf(two), ['issuer.additional.1.rules.0.name'])
  assert.deepEqual(errorsOf({ rules: [rule({ name: 'Train alpha' })] }), ['rules.0.name'])
})

test('each issuer has audiences, one source of keys, and an identifier that no other one resembles', () => {
  assert.deepEqual(errorsOf({ audiences: [] }), ['audiences'])
  assert.deepEqual(errorsOf({ jwksUrl: 'https://keys.example/jwks', jwksFile: 'keys.json' }), ['jwksFile'])
  const cluster = 'https://kubernetes.default.svc.cluster.local'
  for (const same of [cluster, `${cluster}/`, 'https://Kubernetes.default.svc.cluster.local', `${cluster}:443`])
    assert.deepEqual(errorsOf([{ url: cluster }, { url: same }]), ['issuer.additional.1.url'], same)
  assert.deepEqual(errorsOf([{ url: GITHUB }, { url: `${GITHUB}/acme` }]), [])
})

test('a relative path of a file with keys starts at the configuration', () => {
  const raw = {
    server: { publicUrl: 'https://o.example' },
    issuer: {
      ...{ url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a client secret' },
      additional: [{ url: 'https://k.example', audiences: ['x'], jwksFile: 'keys.json' }],
    },
    session: { secrets: ['a session secret of 32 bytes or more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
  }
  const config = parseConfig(JSON.stringify(raw), '/etc/gateway/gateway.yaml', {})
  assert.equal(config.issuer.additional[0]?.jwksFile, '/etc/gateway/keys.json')
})
