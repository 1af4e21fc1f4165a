import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { principalOf } from '../../../../src/gateway/issuer/claims.ts'
import { ALPHA } from '../signin/kit.ts'

const NAMES = { groupsClaim: 'groups', projectsClaim: 'project_ids', usernameClaim: 'preferred_username' }
const RIGHT = { iss: 'https://sso.example', sub: 'alice-sub' }

function read(claims: Record<string, unknown>, names: typeof NAMES & { groups?: Groups } = NAMES) {
  const lines: Record<string, unknown>[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { principal: principalOf({ ...RIGHT, ...claims }, names, log), lines }
}

const groups: [string, unknown, string[], logged: boolean][] = [
  ['absent', undefined, [], false],
  ['a list', ['a', 'b', 'a'], ['a', 'b'], false],
  ['an empty list', [], [], false],
  ['one string is one group', 'modelops-admins', ['modelops-admins'], false],
  ['a comma list is one group, not several', 'a,modelops-admins', ['a,modelops-admins'], false],
  ['a string that is empty', '', [], true],
  ['an object', { modelops: 'admins' }, [], true],
  ['true', true, [], true],
  ['null', null, [], true],
  ['a list of lists', [['modelops-admins']], [], true],
  ['mixed', ['a', 7, null, {}, 'b'], ['a', 'b'], true],
  ['an empty string', ['', 'a'], ['a'], true],
  ['CR, LF, NUL', ['x\r\nmodelops-admins', 'modelops-admins\u0000', 'a\u2028', 'b'], ['b'], true],
  [
    'kept exactly',
    [' Modelops-Admins', '/modelops-admins', 'größe'],
    [' Modelops-Admins', '/modelops-admins', 'größe'],
    false,
  ],
  ['very long', ['x'.repeat(300), 'a'], ['a'], true],
]
for (const [name, value, expected, logged] of groups) {
  test(`groups: ${name}`, () => {
    const { principal, lines } = read(value === undefined ? {} : { groups: value })
    assert.deepEqual([...principal.groups], expected)
    assert.equal(lines.length > 0, logged)
    assert.ok(!JSON.stringify(lines).includes('modelops'), 'no value is logged')
  })
}

const ISSUER_GROUPS = { normalize: 'none', prefix: '' } as const
type Groups = { claim?: string; normalize: 'none' | 'keycloak-path'; prefix: string }
const settings: [string, Partial<Groups>, Record<string, unknown>, string[]][] = [
  ['a path of Keycloak', { normalize: 'keycloak-path' }, { groups: ['/project-alpha'] }, ['project-alpha']],
  ['a nested path', { normalize: 'keycloak-path' }, { groups: ['/teams/alpha'] }, ['teams/alpha']],
  ['one slash alone is removed', { normalize: 'keycloak-path' }, { groups: ['//alpha', '/'] }, ['/alpha']],
  ['a plain name stays', { normalize: 'keycloak-path' }, { groups: ['alpha'] }, ['alpha']],
  ['without normalize a path is a path', {}, { groups: ['/project-alpha'] }, ['/project-alpha']],
  ['a nested claim', { claim: 'realm_access.roles' }, { realm_access: { roles: ['a'] } }, ['a']],
  ['a nested claim that is absent', { claim: 'realm_access.roles' }, { realm_access: {} }, []],
  ['a nested claim in a list', { claim: 'groups.0' }, { groups: ['a'] }, []],
  ['an inherited member', { claim: 'groups.constructor' }, { groups: {} }, []],
  ['a name with dots', { claim: 'https://o.example/groups' }, { 'https://o.example/groups': ['a'] }, ['a']],
  ['the whole name wins', { claim: 'a.b' }, { 'a.b': ['x'], a: { b: ['y'] } }, ['x']],
  ['a prefix', { prefix: 'project-' }, { groups: ['project-a', 'other', 'my-project-b'] }, ['project-a']],
  ['a prefix after the path', { prefix: 'p-', normalize: 'keycloak-path' }, { groups: ['/p-a', '/x'] }, ['p-a']],
]
for (const [name, over, claims, expected] of settings) {
  test(`issuer.groups: ${name}`, () => {
    const { principal } = read(claims, { ...NAMES, groups: { ...ISSUER_GROUPS, ...over } })
    assert.deepEqual([...principal.groups], expected)
  })
}

test('a claim of the prototype is ignored', () => {
  assert.deepEqual([...read({}, { ...NAMES, groupsClaim: 'constructor' }).principal.groups], [])
})

test('the names of the claims come from the configuration', () => {
  const names = { groupsClaim: 'roles', projectsClaim: 'tenants', usernameClaim: 'upn' }
  const { principal } = read({ roles: ['r'], tenants: [ALPHA], upn: 'alice@corp', groups: ['g'] }, names)
  assert.deepEqual(
    [[...principal.groups], [...principal.projectIds], principal.username],
    [['r'], [ALPHA], 'alice@corp'],
  )
})

test('project IDs are UUIDs in lower case; everything else is ignored', () => {
  const id = 'ABCDEFAB-1111-4111-8111-111111111111'
  const { principal } = read({ project_ids: [id, 'alpha', `${ALPHA} `, 7] })
  assert.deepEqual([...principal.projectIds], [id.toLowerCase()])
})

test('identity is iss and sub; e-mail and name are for display only, and only if they are valid', () => {
  const { principal } = read({ email: 'a@example.org\r\nBcc: x', name: ['Alice'], preferred_username: 'admin' })
  assert.deepEqual(principal, {
    issuer: 'https://sso.example',
    subject: 'alice-sub',
    kind: 'person',
    username: 'admin',
    groups: new Set(),
    projectIds: new Set(),
  })
})

test('without a username the e-mail is displayed, or else the subject', () => {
  assert.equal(read({ email: 'a@example.org' }).principal.username, 'a@example.org')
  assert.equal(read({ preferred_username: 'x\n' }).principal.username, 'alice-sub')
})

for (const bad of [
  { sub: undefined },
  { sub: '' },
  { sub: 7 },
  { sub: 'a\nb' },
  { sub: 'x'.repeat(256) },
  { iss: undefined },
]) {
  test(`claims with ${JSON.stringify(bad).slice(0, 40)} give no identity`, () => {
    assert.throws(() => read(bad), { name: 'Refusal', reason: 'login-failed' })
  })
}
