import assert from 'node:assert/strict'
import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, beforeEach, mock, test } from 'node:test'
import { exportJWK, exportSPKI, importJWK } from 'jose'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../signin/fake-issuer.ts'
import { startTokenKit, type TokenKit } from './kit.ts'

let fake: FakeIssuer
let kit: TokenKit
/** What anybody asked at the address that hostile tokens point to. */
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
const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A pair that no issuer published, unless a test does. */
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const strangersJwk = async (kid: string) => ({
  ...(await exportJWK(stranger.publicKey)),
  kid,
  alg: 'RS256',
  use: 'sig',
})

/** A JWS over exactly these texts, by a key that the issuer publishes: no library would write it. */
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

test('accepts an access token by RFC 9068, whose mark is in the header', async () => {
  const { typ, ...claims } = kit.claims()
  for (const mark of ['at+jwt', 'application/at+jwt', 'AT+JWT'])
    assert.equal((await verify(await fake.sign({ ...claims, jti: mark }, { typ: mark }))).subject, 'bob-sub')
})

test('accepts fractional seconds and a token without a key id', async () => {
  const claims = kit.claims()
  assert.equal((await verify(await fake.sign({ ...claims, exp: Number(claims.exp) + 0.5 }))).subject, 'bob-sub')
  assert.equal((await verify(await fake.sign(claims, { kid: undefined }))).subject, 'bob-sub')
})

test('without a key id every key that fits is tried', async () => {
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
  ['a foreign key under a known key id', () => fake.sign(kit.claims(), {}, stranger.privateKey)],
  ['a key id that is a path', withClaims({}, { kid: '../../../../dev/null' })],
  ['a key id that is a URL', () => fake.sign(kit.claims(), { kid: `${trapUrl}/kid` })],
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
  ['a subject that is no text', withClaims({ sub: 7 })],
  ['a subject with a line break', withClaims({ sub: 'bob\r\nX-Admin: 1' })],
  ['an expired token', withClaims({ exp: now() - 60 })],
  ['no expiry', withClaims({ exp: undefined })],
  ['an expiry that is a text', withClaims({ exp: '9999999999' })],
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
  ['a header of a DPoP proof', withClaims({}, { typ: 'dpop+jwt' })],
  ['a header type that is no text', withClaims({}, { typ: 7 })],
  ['a header type of an object', withClaims({}, { typ: { toString: 1 } })],
  ['a security event', withClaims({ events: { 'urn:x': {} } })],
  ['a typ claim in another case', withClaims({ typ: 'bearer' })],
  ['no mark of an access token', withClaims({ typ: undefined }, { typ: 'JWT' })],
  ['five parts, a JWE', () => [part({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }), '', 'AA', 'AA', 'AA'].join('.')],
  ['JSON serialisation', () => Buffer.from(JSON.stringify({ payload: 'e30', signatures: [] })).toString('base64url')],
  ['no JSON in it', () => `${part('{')}.${part('{}')}.AA`],
  ['a list for an object', () => `${part([])}.${part([])}.AA`],
  ['an opaque token where none are taken', () => 'opaque-0123456789'],
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

test('refuses objects that name a member twice, also when the name is written with escapes', async () => {
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

test('values that look like members are none', async () => {
  const tricky = { ...kit.claims(), note: '"sub":"x","sub":"y"', list: ['sub', 'sub'], inner: { sub: 1 } }
  assert.equal((await verify(await fake.sign(tricky))).subject, 'bob-sub')
})

test('a token of 300 groups passes the default bound, and limits.headerBytes moves it', async () => {
  const groups = Array.from({ length: 300 }, (_, i) => `department-with-a-rather-long-name-${i}`.padEnd(90, 'x'))
  const token = await fake.sign({ ...kit.claims(), groups })
  assert.ok(token.length > 36_000)
  assert.equal((await verify(token)).groups.size, 300)
  kit = startTokenKit(fake, { limits: { headerBytes: 16_384 } })
  assert.equal((await refusal(token)).message, 'too long')
})

test('one token costs one signature check, however often and however many at a time', async () => {
  const token = await fake.sign(kit.claims())
  const checks = mock.method(globalThis.crypto.subtle, 'verify').mock
  await Promise.all(Array.from({ length: 200 }, () => verify(token)))
  for (let i = 0; i < 10_000; i++) await verify(token)
  assert.equal(checks.callCount(), 1)
  await verify(await fake.sign({ ...kit.claims(), jti: 'next' }))
  assert.equal(checks.callCount(), 2)
  mock.restoreAll()
})

test('a remembered token ends with its expiry, and with the key that signed it', async () => {
  const token = await fake.sign(kit.claims())
  await verify(token)
  kit.clock.ahead = 400_000
  assert.equal((await refusal(token)).status, 401)

  kit = startTokenKit(fake)
  const other = await fake.sign({ ...kit.claims(), exp: now() + 7200 })
  await verify(other)
  fake.bent.jwks = { keys: [await strangersJwk('key-2')] }
  await (await kit.issuer.keys()).reload()
  await verify(other) // believed for a minute
  kit.clock.ahead = 61_000
  assert.equal((await refusal(other)).status, 401)
})

test('thousands of unknown key ids in a row cause one load of the keys', async () => {
  kit = startTokenKit(fake, { limits: { badTokensPerMinute: 1_000_000 } })
  await verify(await fake.sign(kit.claims()))
  fake.jwksRequests.count = 0
  const claims = part(kit.claims())
  for (let i = 0; i < 2000; i++) {
    const { status } = await refusal(`${part({ alg: 'RS256', kid: `kid-${i}` })}.${claims}.${'A'.repeat(342)}`)
    assert.equal(status, 401)
  }
  assert.ok(fake.jwksRequests.count <= 1, `${fake.jwksRequests.count} loads`)
})

for (const kid of [undefined, 'key-of-the-rotation']) {
  const named = kid === undefined ? 'no key ID' : 'the new key ID'
  test(`after the issuer rotated its single key, tokens with ${named} are accepted, and the keys are loaded once`, async () => {
    await verify(await fake.sign(kit.claims()))
    const own = unbent()
    fake.bent.jwks = { keys: [await strangersJwk('key-of-the-rotation')] }
    fake.jwksRequests.count = 0
    const rotated = (jti: string) => fake.sign({ ...kit.claims(), jti }, { kid }, stranger.privateKey)
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map(rotated))
    const principals = await Promise.all(tokens.map((token) => verify(token)))
    assert.deepEqual(
      principals.map(({ subject }) => subject),
      ['bob-sub', 'bob-sub', 'bob-sub', 'bob-sub'],
    )
    assert.equal(fake.jwksRequests.count, 1)
    assert.equal((await refusal(await fake.sign({ ...kit.claims(), jti: 'withdrawn' }, { kid }))).status, 401)
    fake.bent = own
  })
}

test('tokens without a key ID that no key verifies cause one load of the keys, and are refused', async () => {
  await verify(await fake.sign(kit.claims()))
  fake.jwksRequests.count = 0
  const foreign = (i: number) => fake.sign({ ...kit.claims(), jti: `${i}` }, { kid: undefined }, stranger.privateKey)
  for (let i = 0; i < 20; i++) assert.equal((await refusal(await foreign(i))).reason, 'token-invalid')
  assert.equal(fake.jwksRequests.count, 1)
  kit.clock.ahead = 30_000
  assert.equal((await refusal(await foreign(20))).reason, 'token-invalid')
  assert.equal(fake.jwksRequests.count, 2)
})

test('a token with a known key ID and a wrong signature loads no keys', async () => {
  await verify(await fake.sign(kit.claims()))
  fake.jwksRequests.count = 0
  assert.equal((await refusal(await fake.sign(kit.claims(), {}, stranger.privateKey))).status, 401)
  assert.equal(fake.jwksRequests.count, 0)
})

test('while the keys cannot be had a token is neither good nor bad; known keys go on', async () => {
  fake.bent.jwks = { status: 500, body: 'broken' }
  const { status, reason, headers } = await refusal(await fake.sign(kit.claims()))
  assert.deepEqual([status, reason, headers['Retry-After']], [503, 'issuer-down', '5'])
  fake.bent = unbent()
  kit = startTokenKit(fake)
  await verify(await fake.sign(kit.claims()))
  fake.bent.jwks = { status: 500, body: 'broken' }
  assert.equal((await verify(await fake.sign({ ...kit.claims(), jti: 'next' }))).subject, 'bob-sub')
})

test('different bad tokens from one address are limited; good ones known before pass, and other addresses', async () => {
  kit = startTokenKit(fake, { limits: { badTokensPerMinute: 3 } })
  const known = await fake.sign(kit.claims())
  await verify(known)
  const bad = (i: number) => fake.sign({ ...kit.claims(), aud: 'airflow', jti: `${i}` })
  const same = await bad(0)
  for (let i = 0; i < 10; i++) assert.equal((await refusal(same)).status, 401) // counts once
  for (let i = 1; i < 3; i++) assert.equal((await refusal(await bad(i))).status, 401)
  const limited = await refusal(await bad(3))
  assert.deepEqual([limited.status, limited.reason], [429, 'rate-limited'])
  assert.ok(Number(limited.headers['Retry-After']) > 50)
  assert.equal((await verify(known)).subject, 'bob-sub')
  assert.equal((await refusal(await bad(3), '192.0.2.2')).status, 401)
})

test('all addresses of one IPv6 network count as one', async () => {
  kit = startTokenKit(fake, { limits: { badTokensPerMinute: 1 } })
  const bad = (i: number) => fake.sign({ ...kit.claims(), aud: 'airflow', jti: `${i}` })
  assert.equal((await refusal(await bad(0), '2001:db8:1:2::1')).status, 401)
  assert.equal((await refusal(await bad(1), '2001:db8:1:2:ffff::9')).status, 429)
  assert.equal((await refusal(await bad(2), '2001:db8:1:3::1')).status, 401)
})
