import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientAuthorization } from '../../../../../src/gateway/forward/headers/client-authorization.ts'
import { upstreamCookies } from '../../../../../src/gateway/forward/headers/upstream-cookies.ts'

const authorization = (value: string | undefined) =>
  clientAuthorization({ headers: value === undefined ? {} : { authorization: value } })

test('the Authorization of a client is forwarded byte for byte, or not at all', () => {
  assert.equal(authorization(undefined), undefined)
  assert.equal(authorization(''), undefined)
  for (const value of [
    'Basic YTpi',
    'Bearer  two spaces',
    'ntlmx',
    'negotiated x',
    'Bearer ntlm',
    ' ntlm',
    'x-negotiate y',
  ])
    assert.equal(authorization(value), value)
})

for (const value of ['NTLM', 'ntlm TlRMTVNTUAAB', 'Negotiate', 'NEGOTIATE\tYII', 'negotiate YII'])
  test(`${JSON.stringify(value)} is denied, because it authenticates a connection`, () => {
    assert.throws(() => authorization(value), {
      reason: 'request-malformed',
      explain: /NTLM and Negotiate do not work/,
    })
  })

const OWN = 'modelops_gateway'
const rows: [header: string | undefined, allowed: 'none' | 'all' | string[], expected: string | undefined][] = [
  [undefined, 'all', undefined],
  ['a=1', 'none', undefined],
  ['none=1; n=2; on=3', 'none', undefined],
  ['a=1', [], undefined],
  [';a=1', 'all', 'a=1'],
  ['', 'all', undefined],
  ['a=1', 'all', 'a=1'],
  ['a=1; b=2;c=3', 'all', 'a=1; b=2; c=3'],
  ['a=1; b=2; c=3', ['c', 'a'], 'a=1; c=3'],
  ['a=1; b=2', ['A'], undefined],
  ['aa=1; a=2', ['a'], 'a=2'],
  ['  a = 1 ;; ; b=2;', ['a', 'b'], 'a = 1; b=2'],
  ['a', 'all', 'a'],
  ['a', ['a'], 'a'],
  ['a==1=', ['a'], 'a==1='],
  ['=1; = 2; a=1', 'all', 'a=1'],
  ['__Host-modelops_gateway=s; a=1', 'all', 'a=1'],
  ['a=1; MODELOPS_GATEWAY=s', 'all', 'a=1'],
  ['modelops_gateway_sso=s', 'all', undefined],
  ['x-modelops_gateway', 'all', undefined],
  ['a=modelops_gateway', 'all', 'a=modelops_gateway'],
  ['__Host-modelops_gateway=s', ['__Host-modelops_gateway'], undefined],
]
for (const [header, allowed, expected] of rows)
  test(`of the cookies ${JSON.stringify(header)}, ${allowed} allowed, an application gets ${expected}`, () => {
    for (const base of [OWN, OWN.toUpperCase()]) assert.equal(upstreamCookies(header, base, allowed), expected)
  })
