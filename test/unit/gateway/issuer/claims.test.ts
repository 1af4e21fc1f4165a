import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { principalOf } from '../../../../src/gateway/issuer/claims.ts'
import { ALPHA } from '../signin/kit.ts'

const NAMES = { groupsClaim: 'groups', projectsClaim: 'project_ids', usernameClaim: 'preferred_username' }
const RIGHT = { iss: 'https://sso.example', sub: 'alice-sub' }

function read(claims: Record<string, unknown>, names = NAMES) {
  const lines: Record<string, unknown>[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { principal: principalOf({ ...RIGHT, ...claims }, names, log), lines }
}

const groups: [string, unknown, string[], logged: boolean][] = [
  ['absent', undefined, [], false],
  ['a list', ['a', 'b', 'a'], ['a', 'b'], false],
  ['an empty list', [], [], false],
  ['a string', 'modelops-admins', [], true],
  ['a comma list', 'a,modelops-admins', [], true],
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
