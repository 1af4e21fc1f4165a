import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errors as jose } from 'jose'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { claimRefusal } from '../../../../../src/gateway/tokens/bearer/claim-refusal.ts'
import { checkRouteAudience, forRoutes } from '../../../../../src/gateway/tokens/bearer/route-audience.ts'
import { invalidToken, tokenRefusal } from '../../../../../src/gateway/tokens/bearer/token-refusals.ts'

const CHALLENGE = { 'WWW-Authenticate': 'Bearer error="invalid_token"' }

test('an invalid token is answered with the challenge of RFC 6750', () => {
  const refusal = invalidToken('detail', 'explanation')
  assert.deepEqual([refusal.reason, refusal.message, refusal.explain], ['token-invalid', 'detail', 'explanation'])
  assert.deepEqual(refusal.headers, CHALLENGE)
  assert.notEqual(invalidToken('detail').explain, undefined)
})

test('a token that is bad is one, and everything else is an outage', () => {
  const outage = new Refusal('issuer-down', 'the keys')
  assert.equal(tokenRefusal(outage), outage)
  const bad = tokenRefusal(new Refusal('login-failed', 'no sub'))
  assert.deepEqual([bad.reason, bad.message, bad.headers], ['token-invalid', 'no sub', CHALLENGE])
  const signature = tokenRefusal(new jose.JWSSignatureVerificationFailed('a whole token'))
  assert.deepEqual([signature.reason, signature.message], ['token-invalid', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'])
  for (const error of [new jose.JWKSTimeout(), new TypeError('eyJ...'), 'text', undefined]) {
    const refusal = tokenRefusal(error)
    assert.equal(refusal.reason, 'issuer-down')
    assert.deepEqual(refusal.headers, { 'Retry-After': '5' })
    assert.doesNotMatch(refusal.message, /eyJ/)
  }
  assert.equal(tokenRefusal(new TypeError('x')).message, 'keys not loaded: TypeError')
})

const expected = { audiences: ['gateway', 'https://o.example'] }
const refused = (error: unknown) => claimRefusal(error, expected)
const failed = (claim: string, payload: object) => new jose.JWTClaimValidationFailed('x', payload as never, claim)

const rows: [what: string, error: Error, detail: string, explain: RegExp][] = [
  [
    'an expired token',
    new jose.JWTExpired('x', { exp: 0 }, 'exp'),
    'exp: expired at 1970-01-01T00:00:00Z',
    /^It expired at 1970/,
  ],
  [
    'one with a time that is none',
    new jose.JWTExpired('x', { exp: 1e300 }, 'exp'),
    'exp: expired at an unknown time',
    /^It exp/,
  ],
  ['one without a time', new jose.JWTExpired('x', {}, 'exp'), 'exp: expired at an unknown time', /new access token/],
  [
    'one at the end of time',
    new jose.JWTExpired('x', { exp: 8.64e12 }, 'exp'),
    'exp: expired at an unknown time',
    /^It expired/,
  ],
  [
    'one for another audience',
    failed('aud', { aud: 'x' }),
    'aud: expected gateway or https://o.example, got x',
    /^Its audience is x, expected gateway or/,
  ],
  [
    'one for several others',
    failed('aud', { aud: ['x', 7, 'y\n'] }),
    'aud: expected gateway or https://o.example, got x, y?',
    /Request a token/,
  ],
  [
    'one for nobody',
    failed('aud', { aud: [] }),
    'aud: expected gateway or https://o.example, got none',
    /^Its audience is none/,
  ],
  [
    'one without an audience',
    failed('aud', {}),
    'aud: expected gateway or https://o.example, got none',
    /^Its audience is none/,
  ],
  [
    'one for five others',
    failed('aud', { aud: [...'abcde'] }),
    'aud: expected gateway or https://o.example, got a, b, c, d, e',
    /./,
  ],
  [
    'one for seven others',
    failed('aud', { aud: [...'abcdefg'] }),
    'aud: expected gateway or https://o.example, got a, b, c, d, e and 2 more',
    /./,
  ],
  [
    'one that is not valid yet',
    failed('nbf', { nbf: 60 }),
    'nbf: not valid before 1970-01-01T00:01:00Z',
    /Check the clock/,
  ],
  ['one without a subject', failed('sub', {}), 'sub: expected a usable value, got none', /^Its claim sub is unusable/],
  [
    'one with another issuer',
    failed('iss', { iss: 'eyJ' }),
    'iss: expected a usable value, got another value',
    /^Its claim iss/,
  ],
]
for (const [what, error, detail, explain] of rows)
  test(`${what} is invalid, and its owner learns why`, () => {
    const refusal = refused(error) ?? assert.fail('no refusal')
    assert.deepEqual([refusal.reason, refusal.message, refusal.headers], ['token-invalid', detail, CHALLENGE])
    assert.match(refusal.explain, explain)
  })

test('about anything but claims there is nothing to say', () => {
  for (const error of [new jose.JWSSignatureVerificationFailed(), new Error('aud'), undefined])
    assert.equal(refused(error), undefined)
})

test('a token that names an audience of the gateway is for all routes', () => {
  assert.equal(forRoutes('gateway', ['gateway']), undefined)
  assert.equal(forRoutes(['https://o.example/mlflow', 'gateway'], ['other', 'gateway']), undefined)
  assert.deepEqual(forRoutes('https://o.example/mlflow', ['gateway']), ['https://o.example/mlflow'])
  assert.deepEqual(forRoutes(['a', 'b'], ['gateway']), ['a', 'b'])
  assert.deepEqual(forRoutes([], ['gateway']), [])
  assert.deepEqual(forRoutes(undefined, ['gateway', undefined as never]), [])
})

test('a token for a route counts there and nowhere else', () => {
  const server = { publicUrl: 'https://o.example' }
  const route = { config: { path: '/mlflow', host: undefined } } as unknown as Parameters<typeof checkRouteAudience>[1]
  const check = (audiences: string[], on = route) => checkRouteAudience(audiences, on, server)
  check(['https://o.example/mlflow'])
  check(['https://elsewhere.example', 'https://o.example/mlflow'])
  for (const audiences of [[], ['https://o.example'], ['https://o.example/mlflow/'], ['https://o.example/mlflo']])
    assert.throws(() => check(audiences), { reason: 'token-invalid', explain: /https:\/\/o\.example\/mlflow\.$/ })
  assert.throws(() => checkRouteAudience(['https://o.example/mlflow'], undefined, server), {
    reason: 'token-invalid',
    explain: /the gateway\.$/,
  })
})
