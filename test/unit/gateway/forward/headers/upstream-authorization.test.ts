import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Refusal } from '../../../../../src/gateway/errors.ts'
import { authorizationFor } from '../../../../../src/gateway/forward/headers/upstream-authorization.ts'
import type { Caller } from '../../../../../src/gateway/tokens/caller.ts'

const NOW = 1000

function asked(tokens: object | undefined, wanted: Parameters<typeof authorizationFor>[1] = 'access-token') {
  const caller = tokens && { session: { tokens } }
  try {
    return authorizationFor(caller as Caller | undefined, wanted, 'signed', NOW)
  } catch (error) {
    return (error as Refusal).reason
  }
}

const rows: [string, ReturnType<typeof asked>, string | undefined][] = [
  ['a token that is good goes on', asked({ accessToken: 't', accessExpiresAt: NOW + 1 }), 'Bearer t'],
  [
    'an expired token that is not renewed yet is an outage',
    asked({ accessToken: 't', accessExpiresAt: NOW, refreshToken: 'r' }),
    'issuer-down',
  ],
  [
    'an expired token that nothing renews asks for a login',
    asked({ accessToken: 't', accessExpiresAt: NOW }),
    'login-required',
  ],
  ['nobody has no token', asked(undefined), undefined],
  ['an application that wants none gets none', asked({ accessToken: 't', accessExpiresAt: 0 }, 'none'), undefined],
  ['an assertion needs no token', asked({ accessToken: 't', accessExpiresAt: 0 }, 'assertion'), 'Bearer signed'],
]
test('a token that is bound to a key is not forwarded; beside it, that of the session is', () => {
  const bound = { via: 'bearer', token: 't', isBound: true } as Caller
  assert.throws(() => authorizationFor(bound, 'access-token', 'signed', NOW), {
    reason: 'app-denied',
    explain: /^The application needs your access token itself/,
  })
  assert.equal(authorizationFor(bound, 'assertion', 'signed', NOW), 'Bearer signed')
  assert.equal(authorizationFor(bound, 'none', 'signed', NOW), undefined)
  const session = { tokens: { accessToken: 's', accessExpiresAt: NOW + 1 } } as Caller['session']
  assert.equal(authorizationFor({ ...bound, ...(session && { session }) }, 'access-token', 'signed', NOW), 'Bearer s')
})

test('nobody has no token, and where there is no assertion none is written', () => {
  assert.equal(authorizationFor(undefined, 'access-token', 'signed', NOW), undefined)
  assert.equal(authorizationFor(undefined, 'assertion', undefined, NOW), undefined)
})

for (const [name, got, expected] of rows) test(name, () => assert.equal(got, expected))
