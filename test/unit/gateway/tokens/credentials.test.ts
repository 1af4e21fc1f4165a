import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StepUp } from '../../../../src/gateway/policy/step-up.ts'
import type { Session } from '../../../../src/gateway/sessions/session.ts'
import { authenticationOf, type Caller } from '../../../../src/gateway/tokens/caller.ts'
import { accessTokenOf } from '../../../../src/gateway/tokens/callers-token.ts'
import { credentialsField, credentialsOf } from '../../../../src/gateway/tokens/credentials-field.ts'
import { detailOf, explained, stepUpFailed, stepUpRequired } from '../../../../src/gateway/tokens/step-up-refusal.ts'

const APART = { config: { credentials: 'proxy-authorization' } } as const
const read = (raw: string[], route?: Parameters<typeof credentialsOf>[1]) => {
  const headers: Record<string, string> = {}
  for (let at = 0; at < raw.length; at += 2) headers[String(raw[at]).toLowerCase()] = raw[at + 1] as string
  return credentialsOf({ headers, rawHeaders: raw }, route)
}

test('credentials are in Authorization, unless the route says another header', () => {
  assert.equal(credentialsField(undefined), 'authorization')
  assert.equal(credentialsField({ config: {} }), 'authorization')
  assert.equal(credentialsField(APART), 'proxy-authorization')
  assert.equal(read(['Authorization', 'Bearer a', 'Proxy-Authorization', 'Bearer b']), 'Bearer a')
  assert.equal(read(['Authorization', 'Bearer a', 'Proxy-Authorization', 'Bearer b'], APART), 'Bearer b')
  assert.equal(read(['Authorization', 'Basic x'], APART), undefined)
  assert.equal(read([]), undefined)
  assert.equal(read(['Cookie', 'authorization', 'X', 'authorization']), undefined, 'values are no names')
  assert.equal(read(['Authorization', 'authorization', 'X', 'authorization']), 'authorization')
  assert.equal(read(['Authorization', 'Bearer a', 'Connection', 'Authorization']), 'Bearer a')
  assert.equal(read(['Proxy-Authorization', 'x', 'proxy-authorization', 'y']), undefined, 'not looked at')
})

const ambiguous: [what: string, raw: string[], route?: typeof APART][] = [
  ['two Authorization headers', ['Authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer a']],
  ['two where they are for the upstream', ['authorization', 'x', 'Authorization', 'y'], APART],
  ['two for the gateway', ['Proxy-Authorization', 'x', 'proxy-authorization', 'x'], APART],
  ['the same token in both', ['Authorization', 'Bearer t', 'Proxy-Authorization', 'Bearer t'], APART],
  ['the same token in both, in other schemes', ['Authorization', 'Basic  t', 'Proxy-Authorization', 'DPoP t'], APART],
  ['a Connection that names one', ['Connection', 'close, Authorization', 'Proxy-Authorization', 'Bearer t'], APART],
  ['a Connection that names the other', ['Connection', 'proxy-AUTHORIZATION'], APART],
]
for (const [what, raw, route] of ambiguous)
  test(`${what} are denied as ambiguous`, () => {
    assert.throws(() => read(raw, route), { reason: 'credentials-ambiguous' })
  })

test('whose token is in both headers learns what to do', () => {
  const both = ['Authorization', 'Bearer t', 'Proxy-Authorization', 'Bearer t']
  assert.throws(() => read(both, APART), { explain: /Proxy-Authorization alone/ })
  assert.equal(read(['Authorization', 'Bearer t2', 'Proxy-Authorization', 'Bearer t'], APART), 'Bearer t')
  const twoWords = ['Authorization', 'Bearer a b', 'Proxy-Authorization', 'Bearer c b']
  assert.equal(read(twoWords, APART), 'Bearer c b')
  assert.equal(read(['Connection', 'close', 'Proxy-Authorization', 'Bearer t'], APART), 'Bearer t')
})

const NOW = 1000
const callerWith = (tokens: object | undefined, token?: string) =>
  ({ principal: {}, ...(tokens && { session: { tokens } }), ...(token && { token }) }) as unknown as Caller

test('the token of a session counts before the one of the request', () => {
  const held = { accessToken: 's', accessExpiresAt: NOW + 1, refreshToken: 'r' }
  assert.deepEqual(accessTokenOf(callerWith(held, 't'), NOW), { token: 's', expiresAt: NOW + 1 })
  assert.deepEqual(accessTokenOf(callerWith(undefined, 't'), NOW), { token: 't', expiresAt: undefined })
  assert.equal(accessTokenOf(callerWith(undefined), NOW), undefined)
  assert.equal(accessTokenOf(undefined, NOW), undefined)
  const expired = { accessToken: 's', accessExpiresAt: NOW }
  assert.throws(() => accessTokenOf(callerWith(expired, 't'), NOW), { reason: 'login-required' })
  assert.throws(() => accessTokenOf(callerWith({ ...expired, refreshToken: 'r' }), NOW), { reason: 'issuer-down' })
})

test('the authentication of a session counts before the one of a token', () => {
  const session = { acr: 'gold' } as unknown as Session
  const principal = { authentication: { acr: 'silver' } } as unknown as Caller['principal']
  assert.equal(authenticationOf({ principal, via: 'session', session }), session)
  assert.deepEqual(authenticationOf({ principal, via: 'bearer' }), { acr: 'silver' })
  assert.deepEqual(authenticationOf({ principal: {} as Caller['principal'], via: 'bearer' }), {})
})

const rule = (over: Partial<StepUp>): StepUp => ({
  ...{ acr: undefined, maxAgeSeconds: undefined, clockSkewSeconds: 0, permitsMachines: false },
  ...over,
})
const START =
  'Bearer error="insufficient_user_authentication", error_description="A different or a more recent authentication is required"'
const challenges: [StepUp, string][] = [
  [rule({}), START],
  [rule({ acr: ['gold'] }), `${START}, acr_values="gold"`],
  [rule({ acr: ['gold', 'hardware'], maxAgeSeconds: 60 }), `${START}, acr_values="gold hardware", max_age="60"`],
]
for (const [demanded, challenge] of challenges)
  test(`the challenge is ${challenge.slice(START.length) || 'without parameters'}`, () => {
    const refusal = stepUpRequired(demanded, { kind: 'machine' })
    assert.equal(refusal.reason, 'step-up-required')
    assert.deepEqual(refusal.headers, { 'WWW-Authenticate': challenge })
    assert.match(refusal.explain, /^Only users who signed in/)
    assert.match(refusal.message, /^the caller is a machine/)
  })

test('the log and the caller learn what is missing, in characters that nothing reads as anything else', () => {
  const acr = { kind: 'acr', expected: ['gold', 'hardware'], got: undefined } as const
  assert.equal(detailOf(acr), 'acr: expected gold or hardware, got none')
  assert.equal(explained(acr), 'Required authentication level (acr): gold or hardware. Yours: none.')
  assert.match(detailOf({ ...acr, got: `silver${'x'.repeat(100)}` }), /got silverx{94}$/)
  assert.doesNotMatch(explained({ ...acr, got: 'a\u0000b' }), /\u0000/)
  const age = { kind: 'age', maxAgeSeconds: 60, seconds: 90 } as const
  assert.equal(detailOf(age), 'auth_time: expected at most 60 s ago, got 90 s ago')
  assert.match(explained(age), /within the last 60 seconds\. Your last authentication: 90 s ago\.$/)
  assert.match(detailOf({ ...age, seconds: undefined }), /got unknown$/)
  const failed = stepUpFailed('detail', 'explanation')
  assert.deepEqual([failed.reason, failed.message, failed.explain], ['step-up-failed', 'detail', 'explanation'])
})
