import assert from 'node:assert/strict'
import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import { exportSPKI, importJWK } from 'jose'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { part, startTokenKit, stranger, strangersJwk, type TokenKit } from '../kit.ts'

let fake: FakeIssuer
let kit: TokenKit
/** Requests to the address that hostile tokens name. */
const lured: string[] = []
const trap = createServer((request, response) => {
  lured.push(request.url ?? '')
  response.end('{"keys":[]}')
})
let trapUrl = ''

before(async () => {
  fake = await startFakeIssuer()
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
  const address = trap.address()
  trapUrl = `http://127.0.0.1:${address !== null && typeof address !== 'string' ? address.port : 0}`
})
beforeEach(() => {
  fake.bent = unbent()
  fake.jwksRequests.count = 0
  lured.length = 0
  kit = startTokenKit(fake)
})
after(async () => {
  await fake.close()
  trap.close()
})

const verify = async (token: string, address = '192.0.2.1') => kit.verifyBearer(token, address)

/** A JWS of exactly these texts, signed by a published key. No library would write it. */
async function signTexts(header: string, claims: string): Promise<string> {
  fake.bent.jwks = { keys: [fake.publicJwk(), await strangersJwk('raw')] }
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${signBytes('sha256', Buffer.from(input), stranger.privateKey).toString('base64url')}`
}

async function refusal(token: string, address?: string): Promise<Refusal> {
  const error = await verify(token, address).then(
    () => assert.fail('accepted'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof Refusal, String(error))
  return error
}

test('accepts an access token as Keycloak writes it: typ JWT in the header, Bearer among the claims', async () => {
  const principal = await verify(await fake.sign(kit.claims(), { typ: 'JWT' }))
  assert.deepEqual([principal.subject, principal.kind, principal.username], ['bob-sub', 'person', 'bob'])
  assert.deepEqual([...principal.groups], ['project-alpha'])
})

test('accepts an access token of RFC 9068, whose mark is in the header', async () => {
  const { typ, ...claims } = kit.claims()
  for (const mark of ['at+jwt', 'application/at+jwt', 'AT+JWT'])
    assert.equal((await verify(await fake.sign({ ...claims, jti: mark }, { typ: mark }))).subject, 'bob-sub')
})

test('a mark may be configured with its prefix, in any case', async () => {
  kit = startTokenKit(fake, { issuer: { accessTokenTypes: ['application/AT+JWT'] } })
  const { typ, ...claims } = kit.claims()
  assert.equal((await verify(await fake.sign(claims, { typ: 'at+jwt' }))).subject, 'bob-sub')
})

test('accepts fractional seconds and a token without a key ID', async () => {
  const claims = kit.claims()
  assert.equal((await verify(await fake.sign({ ...claims, exp: Number(claims.exp) + 0.5 }))).subject, 'bob-sub')
  assert.equal((await verify(await fake.sign(claims, { kid: undefined }))).subject, 'bob-sub')
})

test('without a key ID every key that fits is tried', async () => {
  fake.bent.jwks = { keys: [await strangersJwk('other'), fake.publicJwk()] }
  assert.equal((await verify(await fake.sign(kit.claims(), { kid: undefined }))).subject, 'bob-sub')
})

type Make = () => string | Promise<string>
const withClaims =
  (change: Record<string, unknown>, header: Record<string, unknown> = {}): Make =>
  () =>
    fake.sign({ ...kit.claims(), ...change }, header)
const unsigned =
  (alg: string): Make =>
  () =>
    `${part({ alg })}.${part(kit.claims())}.`
const now = () => Math.floor(Date.now() / 1000)

const hostile: [string, Make][] = [
  ['alg none', unsigned('none')],
  ['alg None', unsigned('None')],
  ['alg nOnE with a signature', () => `${part({ alg: 'nOnE' })}.${part(kit.claims())}.AA`],
  [
    'HS256 with the public key as secret',
    async () => {
      const key = await importJWK(fake.publicJwk(), 'RS256')
      assert.ok(!(key instanceof Uint8Array))
      return fake.sign(kit.claims(), { alg: 'HS256' }, new TextEncoder().encode(await exportSPKI(key)))
    },
  ],
  [
    'an ECDSA signature of zeros',
    () => `${part({ alg: 'ES256', kid: 'key-1' })}.${part(kit.claims())}.${'A'.repeat(86)}`,
  ],
  ['a foreign key under a known key ID', () => fake.sign(kit.claims(), {}, stranger.privateKey)],
  ['a key ID that is a path', withClaims({}, { kid: '../../../../dev/null' })],
  ['a key ID that is a URL', () => fake.sign(kit.claims(), { kid: `${trapUrl}/kid` })],
  ['jku', () => foreign({ jku: `${trapUrl}/jku` })],
  ['x5u', () => foreign({ x5u: `${trapUrl}/x5u` })],
  ['jwk', async () => foreign({ jwk: await strangersJwk('evil') })],
  [
    'crit',
    () => signTexts(JSON.stringify({ alg: 'RS256', kid: 'raw', crit: ['exp'], exp: 1 }), JSON.stringify(kit.claims())),
  ],
  [
    'an unencoded payload',
    () => `${part({ alg: 'RS256', kid: 'key-1', b64: false, crit: ['b64'] })}.${part(kit.claims())}.AA`,
  ],
  ['no audience', withClaims({ aud: undefined })],
  ['another audience', withClaims({ aud: 'airflow' })],
  ['an audience that only begins like ours', withClaims({ aud: ['gateway2'] })],
  ['an audience of another type', withClaims({ aud: { gateway: true } })],
  ['an issuer with a slash more', () => fake.sign({ ...kit.claims(), iss: `${fake.url}/` })],
  ['an issuer in another case', () => fake.sign({ ...kit.claims(), iss: fake.url.replace('http', 'HTTP') })],
  ['an issuer that is a list', () => fake.sign({ ...kit.claims(), iss: [fake.url] })],
  ['no issuer', withClaims({ iss: undefined })],
  ['no subject', withClaims({ sub: undefined })],
  ['a subject that is no string', withClaims({ sub: 7 })],
  ['a subject with a line break', withClaims({ sub: 'bob\r\nX-Admin: 1' })],
  ['an expired token', withClaims({ exp: now() - 60 })],
  ['no expiry', withClaims({ exp: undefined })],
  ['an expiry that is a string', withClaims({ exp: '9999999999' })],
  ['an expiry of 1e300', withClaims({ exp: 1e300 })],
  ['an nbf in the future', withClaims({ nbf: now() + 120 })],
  ['an iat in the future', withClaims({ iat: now() + 120 })],
  ['an iat of 1e300', withClaims({ iat: 1e300 })],
  ['an ID token of Keycloak', withClaims({ typ: 'ID', nonce: 'n' }, { typ: 'JWT' })],
  ['an ID token without a mark', withClaims({ typ: undefined, nonce: 'n' })],
  ['an ID token that claims to be an access token', withClaims({ at_hash: 'x' })],
  ['a refresh token', withClaims({ typ: 'Refresh' }, { typ: 'JWT' })],
  ['an offline token', withClaims({ typ: 'Offline' }, { typ: 'JWT' })],
  ['a logout token', withClaims({ typ: 'Logout', events: {} }, { typ: 'logout+jwt' })],
  ['a logout token with an access token’s claims', withClaims({}, { typ: 'logout+jwt' })],
  ['a header of a security event', withClaims({}, { typ: 'secevent+jwt' })],
  ['a header of a security event with its prefix', withClaims({}, { typ: 'application/secevent+jwt' })],
  ['a header of a client assertion', withClaims({}, { typ: 'client-authentication+jwt' })],
  ['a header of an authorization request', withClaims({}, { typ: 'oauth-authz-req+jwt' })],
  ['an authorization request', withClaims({ response_type: 'code', redirect_uri: 'https://o.example/auth/callback' })],
  ['a DPoP proof by its claims', withClaims({ htm: 'GET', htu: 'https://o.example/mlflow/' })],
  ['an ID token by its s_hash', withClaims({ s_hash: 'x' })],
  ['a token bound to a key of its client', withClaims({ cnf: { jkt: 'A'.repeat(43) } })],
  ['a token bound to a certificate', withClaims({ cnf: { 'x5t#S256': 'A'.repeat(43) } })],
  ['a token with a confirmation that is not supported', withClaims({ cnf: { kid: 'k' } })],
  ['a token with two confirmations, one of them unknown', withClaims({ cnf: { jkt: 'A'.repeat(43), jwe: 'x' } })],
  ['a token with an empty confirmation', withClaims({ cnf: {} })],
  ['a token whose confirmation is null', withClaims({ cnf: null })],
  ['a token whose confirmation is a list', withClaims({ cnf: ['jkt'] })],
  ['a token whose confirmation is no hash', withClaims({ cnf: { jkt: '' } })],
  ['Keycloak’s mark of a bound token without the key', withClaims({ typ: 'DPoP' })],
  ['a header of a DPoP proof', withClaims({}, { typ: 'dpop+jwt' })],
  ['a header type that is no string', withClaims({}, { typ: 7 })],
  ['a header type of an object', withClaims({}, { typ: { toString: 1 } })],
  ['a security event', withClaims({ events: { 'urn:x': {} } })],
  ['a typ claim in another case', withClaims({ typ: 'bearer' })],
  ['no mark of an access token', withClaims({ typ: undefined }, { typ: 'JWT' })],
  ['five parts, a JWE', () => [part({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }), '', 'AA', 'AA', 'AA'].join('.')],
  ['JSON serialization', () => Buffer.from(JSON.stringify({ payload: 'e30', signatures: [] })).toString('base64url')],
  ['no JSON in it', () => `${part('{')}.${part('{}')}.AA`],
  ['a list for an object', () => `${part([])}.${part([])}.AA`],
  ['an opaque token where none is accepted', () => 'opaque-0123456789'],
  ['a token of 1 MB', () => `${part({ alg: 'RS256' })}.${'A'.repeat(1_048_576)}.AA`],
]

const foreign = (header: Record<string, unknown>) =>
  fake.sign(kit.claims(), { kid: 'evil', ...header }, stranger.privateKey)

for (const [name, make] of hostile) {
  test(`refuses ${name}: 401, a challenge with the error, nothing fetched, nothing of it in the log`, async () => {
    const token = await make()
    const { status, reason, headers, message, cause } = await refusal(token)
    assert.deepEqual([status, reason], [401, 'token-invalid'])
    assert.equal(headers['WWW-Authenticate'], 'Bearer error="invalid_token"')
    assert.deepEqual(lured, [])
    const written = JSON.stringify([kit.logged, message, cause ?? ''])
    for (const piece of token.split('.')) assert.ok(piece.length < 12 || !written.includes(piece))
    assert.ok(!written.includes('bob-sub'))
  })
}

const explained: [string, () => Promise<string> | string, RegExp][] = [
  ['when it expired', withClaims({ exp: 1_700_000_000 }), /expired at 2023-11-14T22:13:20Z/],
  ['which audience it has', withClaims({ aud: 'account' }), /audience is account, expected gateway/],
  ['which audiences it has', withClaims({ aud: ['a', 'b"\r\n'] }), /audience is a, b\?\?\?, expected gateway/],
  ['that it has none', withClaims({ aud: [] }), /audience is none, expected gateway/],
]
for (const [name, make, expected] of explained) {
  test(`a token whose signature is good is refused with a sentence that says ${name}`, async () => {
    const { reason, explain, message } = await refusal(await make())
    assert.equal(reason, 'token-invalid')
    assert.match(explain, expected)
    assert.match(message, /^(exp|aud): /)
  })
}

test('a token that somebody else signed learns nothing about the expected audience', async () => {
  const { explain } = await refusal(await fake.sign({ ...kit.claims(), aud: 'account' }, {}, stranger.privateKey))
  assert.ok(!explain.includes('gateway'), explain)
})

test('refuses objects with a repeated member, even when its name is written with escapes', async () => {
  const header = JSON.stringify({ alg: 'RS256', kid: 'raw' })
  const good = JSON.stringify(kit.claims())
  assert.equal((await verify(await signTexts(header, good))).subject, 'bob-sub')
  const twice = [
    [header, `{"sub":"alice-sub",${good.slice(1)}`],
    [header, `{"s\\u0075b":"alice-sub",${good.slice(1)}`],
    [header, `{"deep":[{"a":1,"a":2}],${good.slice(1)}`],
    [`{"alg":"none",${header.slice(1)}`, good],
  ] as const
  for (const [head, body] of twice) {
    kit = startTokenKit(fake)
    assert.match((await refusal(await signTexts(head, body))).message, /named twice/)
  }
})

test('values that look like members are accepted', async () => {
  const tricky = { ...kit.claims(), note: '"sub":"x","sub":"y"', list: ['sub', 'sub'], inner: { sub: 1 } }
  assert.equal((await verify(await fake.sign(tricky))).subject, 'bob-sub')
})

test('a token of 300 groups is within the default limit, which limits.headerBytes changes', async () => {
  const groups = Array.from({ length: 300 }, (_, i) => `department-with-a-rather-long-name-${i}`.padEnd(90, 'x'))
  const token = await fake.sign({ ...kit.claims(), groups })
  assert.ok(token.length > 36_000)
  assert.equal((await verify(token)).groups.size, 300)
  kit = startTokenKit(fake, { limits: { headerBytes: 16_384 } })
  assert.equal((await refusal(token)).message, 'too long')
})

test('an issuer that publishes no key set is an outage, and the token is good when it publishes one again', async () => {
  const token = await fake.sign(kit.claims())
  for (const body of [{ keys: 'none' }, {}, [], { keys: [7] }]) {
    kit = startTokenKit(fake)
    fake.bent.jwks = { body }
    fake.jwksRequests.count = 0
    const { reason, headers } = await refusal(token)
    assert.deepEqual([reason, headers['Retry-After']], ['issuer-down', '5'], JSON.stringify(body))
    await refusal(await fake.sign({ ...kit.claims(), jti: JSON.stringify(body) }))
    assert.equal(fake.jwksRequests.count, 1, 'a flood of tokens is no flood upon the issuer')
    fake.bent.jwks = undefined
    kit.clock.ahead = 5000
    assert.equal((await verify(token)).subject, 'bob-sub')
  }
})

test('a published key that cannot be used is passed over where the token names none', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const weak = { ...publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256', use: 'sig' }
  fake.bent.jwks = { keys: [weak, { kty: 'RSA', kid: 'broken', alg: 'RS256', n: '!', e: 'AQAB' }, fake.publicJwk()] }
  assert.equal((await verify(await fake.sign(kit.claims(), { kid: undefined }))).subject, 'bob-sub')
})
