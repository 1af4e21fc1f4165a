import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCompactJws, parseCompactJwt } from '../../../../src/shared/tokens/compact-jwt.ts'
import { hasRepeatedMember } from '../../../../src/shared/tokens/repeated-members.ts'
import { TokenRejected } from '../../../../src/shared/tokens/token-rejected.ts'
import { tokenType } from '../../../../src/shared/tokens/token-type.ts'

const part = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')
const token = (header: string | Uint8Array = '{"alg":"RS256"}', claims: string | Uint8Array = '{"sub":"max"}') =>
  `${part(header)}.${part(claims)}.c2ln`

test('a token is parsed into header and claims', () => {
  assert.deepEqual(parseCompactJwt(token()), { header: { alg: 'RS256' }, claims: { sub: 'max' } })
  assert.deepEqual(parseCompactJwt(token('{}', '{"ä":{"a":1},"b":{"a":2},"list":[{"a":1},{"a":2}]}')).claims, {
    ...{ ä: { a: 1 }, b: { a: 2 }, list: [{ a: 1 }, { a: 2 }] },
  })
})

const shapes = [
  '',
  'a',
  'a.b',
  '.b.c',
  'a..c',
  'a.b.',
  'a.b.c.d',
  'a.b.c.d.e',
  'a.b.c\n',
  '\na.b.c',
  'ä.b.c',
  'a.b=.c',
  'a b.c.d',
]
for (const text of shapes)
  test(`${JSON.stringify(text)} is no compact JWS`, () => {
    assert.equal(isCompactJws(text), false)
    assert.throws(() => parseCompactJwt(text), { name: 'TokenRejected', message: 'not a compact JWS' })
  })

test('three parts of base64url are one', () => {
  for (const text of [token(), 'a.b.c', 'a-_9.b-_9.c-_9']) assert.equal(isCompactJws(text), true, text)
})

test('a part with a character too many, or with bits after its last byte, is rejected', () => {
  const [header, claims, signature] = token('{"alg":"RS256"}', '{"sub":"ma"}').split('.')
  for (const [text, where] of [
    [`${header}a.${claims}.${signature}`, 'header'],
    [`${header}.${claims}aaaaa.${signature}`, 'claims'],
    [`${header}.${part('{"sub":"max"}').replace(/Q$/, 'R')}.${signature}`, 'claims'],
  ])
    assert.throws(() => parseCompactJwt(text as string), {
      name: 'TokenRejected',
      message: `${where}: expected base64url`,
    })
})

const INVALID_UTF8 = Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
const parts: [what: string, text: string | Uint8Array, message: RegExp][] = [
  ['no JSON', '{', /expected JSON in UTF-8$/],
  ['an empty text', ' ', /expected JSON in UTF-8$/],
  ['bytes that are no UTF-8', INVALID_UTF8, /expected JSON in UTF-8$/],
  ['a list', '[]', /expected an object$/],
  ['null', 'null', /expected an object$/],
  ['a text', '"{}"', /expected an object$/],
  ['a number', '1', /expected an object$/],
  ['a member twice', '{"a":1,"a":1}', /a member is named twice$/],
  ['a member twice, once escaped', '{"sub":1,"\\u0073ub":2}', /a member is named twice$/],
]
for (const [what, text, message] of parts)
  test(`a token with ${what} as header or claims is rejected`, () => {
    for (const [where, jwt] of [
      ['header', token(text)],
      ['claims', token(undefined, text)],
    ] as const)
      assert.throws(
        () => parseCompactJwt(jwt),
        (error: Error) =>
          error instanceof TokenRejected && error.message.startsWith(`${where}: `) && message.test(error.message),
      )
  })

for (const name of ['crit', 'b64', 'zip'])
  test(`a header with ${name} is rejected, whatever it says; a claim of that name means nothing`, () => {
    for (const value of ['true', 'null', '[]'])
      assert.throws(() => parseCompactJwt(token(`{"${name}":${value}}`)), TokenRejected)
    assert.equal(parseCompactJwt(token('{}', `{"${name}":1}`)).claims[name], 1)
  })

const repeated: [json: string, expected: boolean][] = [
  ['{}', false],
  ['{"a":1,"b":1}', false],
  ['{"a":1,"A":1}', false],
  ['{"a":"a","b":"a"}', false],
  ['{"a":"a:a:","b":"\\"a\\":1"}', false],
  ['{"a":["a","a"],"b":["a"]}', false],
  ['[{"a":1},{"a":1}]', false],
  ['{"a":{"a":{"a":1}}}', false],
  ['{"b":{"a":1},"c":[],"a":2}', false],
  ['{"a":1,"a":1}', true],
  ['{"a" : 1 , "a" : 1}', true],
  ['{"a":1,"b":{},"a":1}', true],
  ['{"a":1,"b":[],"a":1}', true],
  ['{"a":1,"b":[{"c":1}],"a":1}', true],
  ['{"x":{"a":1,"a":1}}', true],
  ['[[{"a":1,"a":1}]]', true],
  ['{"":1,"":2}', true],
  ['{"a\\"":1,"a\\u0022":2}', true],
  ['{"a\\\\":1,"a\\\\":2}', true],
  ['{"__proto__":1,"__proto__":2}', true],
]
for (const [json, expected] of repeated)
  test(`${json}: ${expected ? 'a member is named twice' : 'no member is named twice'}`, () => {
    assert.equal(hasRepeatedMember(json), expected)
  })

test('the kind of a token is compared without case and media type', () => {
  assert.equal(tokenType(undefined), undefined)
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt'])
    assert.equal(tokenType(typ), 'at+jwt')
  for (const typ of [null, 1, ['at+jwt'], {}]) assert.equal(tokenType(typ), '')
  assert.equal(tokenType('x-application/at+jwt'), 'x-application/at+jwt')
})
