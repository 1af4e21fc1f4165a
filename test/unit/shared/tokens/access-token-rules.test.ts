import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkAccessTokenType,
  checkTokenTimes,
  isKeycloaksDpop,
  REQUIRED_CLAIMS,
} from '../../../../src/shared/tokens/access-token-rules.ts'
import { callerKind } from '../../../../src/shared/tokens/caller-kind.ts'
import { type Claims, textClaim, usernameOf } from '../../../../src/shared/tokens/claims.ts'
import { confirmationOf, isDpopBound } from '../../../../src/shared/tokens/confirmation.ts'
import { printableClaim } from '../../../../src/shared/tokens/printable-claim.ts'

const JKT = 'a'.repeat(43)
const BOUND = { cnf: { jkt: JKT } }
const TYPES = ['at+jwt', 'Bearer']

const accepted: [what: string, header: Claims, claims: Claims, types?: string[]][] = [
  ['marked in the header', { typ: 'at+jwt' }, {}],
  ['marked in the header, as a media type', { typ: 'application/AT+JWT' }, {}],
  ['marked in the claim', { typ: 'JWT' }, { typ: 'Bearer' }],
  ['marked in the claim alone', {}, { typ: 'Bearer' }],
  ['marked in both', { typ: 'at+jwt' }, { typ: 'Bearer' }],
  ["bound, as Keycloak's", { typ: 'JWT' }, { typ: 'DPoP', ...BOUND }],
  ['of an issuer that marks none', { typ: 'JWT' }, {}, []],
  ['of an issuer that marks none, without typ', {}, {}, []],
]
for (const [what, header, claims, types = TYPES] of accepted)
  test(`an access token ${what} is one`, () => checkAccessTokenType(header, claims, types))

const rejected: [what: string, header: Claims, claims: Claims, message: RegExp, types?: string[]][] = [
  ['another header', { typ: 'logout+jwt' }, { typ: 'Bearer' }, /^typ header/],
  ['a header that is no text', { typ: 1 }, { typ: 'Bearer' }, /^typ header/],
  ['another claim', { typ: 'at+jwt' }, { typ: 'ID' }, /^typ claim/],
  ['a claim in another case', { typ: 'at+jwt' }, { typ: 'bearer' }, /^typ claim/],
  ['a claim that is no text', { typ: 'at+jwt' }, { typ: null }, /^typ claim/],
  ['no mark', { typ: 'JWT' }, {}, /^typ: not marked/],
  ['no typ at all', {}, {}, /^typ: not marked/],
  ['a mark of Keycloak without a key', { typ: 'JWT' }, { typ: 'DPoP' }, /^typ claim/],
  [
    'a mark of Keycloak where its tokens are not accepted',
    { typ: 'JWT' },
    { typ: 'DPoP', ...BOUND },
    /^typ claim/,
    ['at+jwt'],
  ],
  ['another header where the issuer marks none', { typ: 'secevent+jwt' }, {}, /^typ header/, []],
  ['another claim where the issuer marks none', {}, { typ: 'Refresh' }, /^typ claim/, []],
]
for (const [what, header, claims, message, types = TYPES] of rejected)
  test(`a token with ${what} is no access token`, () => {
    assert.throws(() => checkAccessTokenType(header, claims, types), { name: 'TokenRejected', message })
  })

for (const name of [
  ...['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'htm', 'htu', 'ath', 'response_type', 'redirect_uri'],
  'code_challenge',
])
  test(`a token with the claim ${name} is of another kind`, () => {
    for (const value of ['x', '', null, 0])
      assert.throws(() => checkAccessTokenType({ typ: 'at+jwt' }, { [name]: value }, TYPES), { name: 'TokenRejected' })
  })

test('an access token has a subject and an end', () => assert.deepEqual(REQUIRED_CLAIMS, ['sub', 'exp']))

test('a bound token of Keycloak has its mark, its type and its key', () => {
  assert.equal(isKeycloaksDpop({ typ: 'DPoP', ...BOUND }, ['Bearer']), true)
  for (const claims of [{ typ: 'dpop', ...BOUND }, BOUND, { typ: 'DPoP' }, { typ: 'DPoP', cnf: { 'x5t#S256': JKT } }])
    assert.equal(isKeycloaksDpop(claims, ['Bearer']), false)
  assert.equal(isKeycloaksDpop({ typ: 'DPoP', ...BOUND }, ['DPoP']), false)
})

test('a token from the future, or with a time that is none, is rejected', () => {
  for (const times of [{}, { iat: 100 }, { exp: 253_402_300_799 }, { exp: 0 }, { iat: -1, exp: 5 }])
    checkTokenTimes(times, 100)
  for (const times of [{ iat: 101 }, { exp: 253_402_300_800 }, { exp: -1 }, { exp: 1.7e12 }])
    assert.throws(() => checkTokenTimes(times, 100), { name: 'TokenRejected' }, JSON.stringify(times))
})

const kinds: [what: string, claims: Claims, kind: string, clientId?: string][] = [
  ['a client that is its own subject', { client_id: 'ci', sub: 'ci' }, 'machine', 'ci'],
  ['the same by azp', { azp: 'ci', sub: 'ci' }, 'machine', 'ci'],
  ['both, which agree', { client_id: 'ci', azp: 'ci', sub: 'ci' }, 'machine', 'ci'],
  ['a service account', { azp: 'CI', sub: 'u', preferred_username: 'service-account-ci' }, 'machine', 'CI'],
  ['a person', { azp: 'web', sub: 'u', preferred_username: 'max' }, 'person', 'web'],
  [
    'a service account of another client',
    { azp: 'ci', sub: 'u', preferred_username: 'service-account-cd' },
    'person',
    'ci',
  ],
  ['two clients', { client_id: 'a', azp: 'b', sub: 'a' }, 'person'],
  ['a client that is no text', { client_id: 1, azp: 'ci', sub: 'ci' }, 'person'],
  ['an azp that is no text', { client_id: 'ci', azp: 1, sub: 'ci' }, 'machine', 'ci'],
  ['an empty client', { client_id: '', sub: '' }, 'person'],
  ['no client', { sub: 'ci' }, 'person'],
  ...['sid', 'session_state', 'auth_time', 'amr', 'act'].map((claim): [string, Claims, string, string] => [
    `a client with ${claim}`,
    { client_id: 'ci', sub: 'ci', [claim]: undefined },
    'person',
    'ci',
  ]),
]
for (const [what, claims, kind, clientId] of kinds)
  test(`${what}: a token of a ${kind}`, () => {
    assert.deepEqual(callerKind(claims), clientId === undefined ? { kind } : { kind, clientId })
  })

test('a claim is a text that fits into headers and logs, or none', () => {
  for (const value of ['a', ' a ', 'ä', '€', 'x'.repeat(256)]) assert.equal(textClaim(value), value)
  for (const value of [
    ...['', 'x'.repeat(257), 'a\nb', 'a\u0000', '\u001fa', '\u007f', 'a\u0080', '\u009f', '\u2028', 'a\u2029'],
    ...[undefined, null, 1, true, ['a'], { length: 1 }],
  ])
    assert.equal(textClaim(value), undefined, JSON.stringify(value))
  assert.equal(textClaim('abc', 3), 'abc')
  assert.equal(textClaim('abcd', 3), undefined)
})

test('a username is the claim of the configuration, else the address, else the subject', () => {
  const claims = { nick: 'max', email: 'max@example.com' }
  assert.equal(usernameOf(claims, 'nick', 's'), 'max')
  assert.equal(usernameOf(claims, 'name', 's'), 'max@example.com')
  assert.equal(usernameOf({ nick: '', email: 7 }, 'nick', 's'), 's')
})

test('what a claim says is shown short and in plain characters', () => {
  assert.equal(printableClaim('az09!~'), 'az09!~')
  assert.equal(printableClaim('a b"c\\d\n\u007fé'), 'a?b?c?d???')
  assert.equal(printableClaim('x'.repeat(101)), 'x'.repeat(100))
})

test('a token without cnf is bound to nothing', () => assert.equal(confirmationOf({ sub: 'x' }), undefined))

const keys: [what: string, cnf: unknown, expected: object][] = [
  ['a DPoP key', { jkt: JKT }, { jkt: JKT }],
  ['a certificate', { 'x5t#S256': JKT }, { certificate: JKT }],
  ['both', { jkt: JKT, 'x5t#S256': 'b'.repeat(43) }, { jkt: JKT, certificate: 'b'.repeat(43) }],
  ['a DPoP key, as Keycloak says it', { jkt: JKT, 'kc-jkt-type': 'DPoP' }, { jkt: JKT }],
]
for (const [what, cnf, expected] of keys)
  test(`a token is bound to ${what}`, () => assert.deepEqual(confirmationOf({ cnf }), expected))

const unverifiable: [what: string, cnf: unknown][] = [
  ['null', null],
  ['a text', 'jkt'],
  ['a list', []],
  ['no method', {}],
  ['an unknown method', { jwk: {} }],
  ['an unknown method beside a known one', { jkt: JKT, kid: 'a' }],
  ["another note with Keycloak's word", { jkt: JKT, kid: 'DPoP' }],
  ['a key that is no text', { jkt: [JKT] }],
  ['a key that is too short', { jkt: 'a'.repeat(42) }],
  ['a key that is too long', { jkt: 'a'.repeat(44) }],
  ['a key of other letters', { jkt: `${'a'.repeat(42)}=` }],
  ['a certificate that is no hash', { 'x5t#S256': '' }],
  ['an inherited name', { constructor: JKT }],
  ["Keycloak's note alone", { 'kc-jkt-type': 'DPoP' }],
  ["Keycloak's note beside a certificate", { 'kc-jkt-type': 'DPoP', 'x5t#S256': JKT }],
  ["Keycloak's note of another purpose", { 'kc-jkt-type': 'other', jkt: JKT }],
]
for (const [what, cnf] of unverifiable)
  test(`a token whose cnf is ${what} is rejected`, () => {
    assert.throws(() => confirmationOf({ cnf }), { name: 'TokenRejected', message: /^cnf: / })
  })

test('claims say whether they are bound to a DPoP key', () => {
  assert.equal(isDpopBound({ cnf: { jkt: 'x' } }), true)
  for (const cnf of [undefined, null, 'jkt', {}, { jkt: 1 }, { 'x5t#S256': JKT }])
    assert.equal(isDpopBound({ cnf }), false)
})
