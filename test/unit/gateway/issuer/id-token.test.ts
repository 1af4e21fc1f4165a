import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { type FakeIssuer, startFakeIssuer, unbent } from '../signin/fake-issuer.ts'
import { type LoginKit, startLoginKit } from '../signin/kit.ts'

/** The Basic RP plan of the OpenID Foundation, and related cases. "Reject" there means no further request; here, no session. */
let fake: FakeIssuer
let kit: LoginKit

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  kit = startLoginKit(fake)
})
after(() => fake.close())

const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function assertRefused(name: string, reason = 'login-failed', status = 502) {
  const browser = kit.browser()
  const response = await browser.login(fake)
  assert.equal(response.status, status, name)
  assert.ok(response.text.includes(`<code>${reason}</code>`), `${name}: the page names ${reason}`)
  assert.equal(browser.hasSession, false, `${name}: no session`)
}

const badClaims: [string, Record<string, unknown>][] = [
  ['another iss', { iss: 'https://evil.example' }],
  ['iss with a slash more', { iss: undefined }],
  ['no sub', { sub: undefined }],
  ['an empty sub', { sub: '' }],
  ['a sub that is a number', { sub: 7 }],
  ['a sub with a line break', { sub: 'alice\r\nX-Forwarded-User: admin' }],
  ['another aud', { aud: 'another-client' }],
  ['no aud', { aud: undefined }],
  ['several audiences without azp', { aud: ['gateway', 'account'] }],
  ['an audience that is not trusted', { aud: ['gateway', 'account'], azp: 'gateway' }],
  ['azp of another client', { azp: 'another-client' }],
  ['no iat', { iat: undefined }],
  ['iat as text', { iat: 'now' }],
  ['iat in the future', { iat: seconds(120) }],
  ['no exp', { exp: undefined }],
  ['exp as text', { exp: 'tomorrow' }],
  ['exp in the past', { exp: seconds(-120) }],
  ['nbf in the future', { nbf: seconds(120) }],
  ['another nonce', { nonce: 'another' }],
  ['no nonce', { nonce: undefined }],
  ['at_hash of another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }],
]
for (const [name, claims] of badClaims) {
  test(`an ID token with ${name} gives no session`, async () => {
    fake.bent.claims = name.startsWith('iss with') ? { iss: `${fake.url}/` } : claims
    await assertRefused(name)
  })
}

test('an ID token with a good at_hash, several trusted audiences and azp is accepted', async () => {
  kit = startLoginKit(fake, { issuer: { audiences: ['account'] } })
  const hash = createHash('sha256').update('access-token-1').digest()
  fake.bent.claims = {
    aud: ['gateway', 'account'],
    azp: 'gateway',
    at_hash: hash.subarray(0, 16).toString('base64url'),
  }
  const browser = kit.browser()
  assert.equal((await browser.login(fake)).status, 303)
  assert.ok(browser.hasSession)
})

test('an unsigned ID token gives no session, in whatever spelling', async () => {
  for (const alg of ['none', 'None', 'NONE', '']) {
    fake.bent.sign = (claims) => `${base64({ alg })}.${base64(claims)}.`
    await assertRefused(alg)
  }
})

test('an ID token with a changed signature gives no session', async () => {
  fake.bent.token = (right) => {
    const [header, payload, signature = ''] = String(right.id_token).split('.')
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
    return { body: { ...right, id_token: `${header}.${payload}.${flipped}` } }
  }
  await assertRefused('bad signature')
})

test('an ID token signed by a foreign key under a known kid gives no session', async () => {
  const { privateKey } = await generateKeyPair('RS256')
  fake.bent.sign = (claims) => fake.sign(claims, {}, privateKey)
  await assertRefused('foreign key')
})

test('an ID token that contains its own key gives no session', async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  fake.bent.sign = (claims) => fake.sign(claims, { jwk, jku: 'https://evil.example/jwks' }, privateKey)
  await assertRefused('jwk header')
})

test('HS256 with the public key or the client secret as secret gives no session', async () => {
  const publicKey = await importJWK({ ...fake.publicJwk() }, 'RS256', { extractable: true })
  assert.ok(!(publicKey instanceof Uint8Array))
  for (const secret of [await exportSPKI(publicKey), fake.secret]) {
    fake.bent.sign = (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
    await assertRefused('HS256')
  }
})

test('an algorithm outside issuer.algorithms gives no session, and one inside does', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'ec', use: 'sig' }
  fake.bent.jwks = { keys: [fake.publicJwk(), jwk] }
  fake.bent.sign = (claims) => fake.sign(claims, { alg: 'ES256', kid: 'ec' }, privateKey)
  kit = startLoginKit(fake, { issuer: { algorithms: ['RS256'] } })
  await assertRefused('ES256 where RS256 is expected')
  kit = startLoginKit(fake, { issuer: { algorithms: ['ES256'] } })
  assert.equal((await kit.browser().login(fake)).status, 303)
})

test('an ID token with an unknown critical header gives no session', async () => {
  fake.bent.sign = async (claims) => {
    const [, payload, signature] = (await fake.sign(claims)).split('.')
    return `${base64({ alg: 'RS256', kid: 'key-1', crit: ['x'], x: 1 })}.${payload}.${signature}`
  }
  await assertRefused('crit')
})

test('a token without kid is verified by the only key, and by each of several', async () => {
  fake.bent.header = { kid: undefined }
  assert.equal((await kit.browser().login(fake)).status, 303)

  const other = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(other.publicKey)), alg: 'RS256', use: 'sig', kid: 'other' }
  fake.bent.jwks = { keys: [jwk, fake.publicJwk()] }
  kit = startLoginKit(fake)
  assert.equal((await kit.browser().login(fake)).status, 303)

  fake.bent.jwks = { keys: [jwk, { ...jwk, kid: 'third' }] }
  kit = startLoginKit(fake)
  await assertRefused('none of the keys fits')
})

test('an ID token whose header names another kind of token gives no session', async () => {
  const kinds = ['logout+jwt', 'at+jwt', 'secevent+jwt', 'dpop+jwt', 'oauth-authz-req+jwt', 'token-introspection+jwt']
  const spellings = [
    'application/at+jwt',
    'LOGOUT+JWT',
    'Application/Logout+JWT',
    'jwt2',
    ' JWT',
    '',
    7,
    null,
    ['JWT'],
    {},
  ]
  for (const typ of [...kinds, ...spellings]) {
    fake.bent.header = { typ }
    await assertRefused(JSON.stringify(typ))
  }
})

test('an ID token whose claim names another kind of token gives no session', async () => {
  for (const typ of ['Bearer', 'DPoP', 'Refresh', 'Offline', 'Logout', 'BEARER', 'at+jwt']) {
    fake.bent.claims = { typ }
    await assertRefused(typ)
  }
  fake.bent.claims = { typ: 'ID' }
  assert.equal((await kit.browser().login(fake)).status, 303)
})

test('an ID token whose header says JWT, or nothing, is accepted', async () => {
  for (const typ of ['JWT', 'jwt', 'application/jwt', undefined]) {
    fake.bent.header = { typ }
    assert.equal((await kit.browser().login(fake)).status, 303, String(typ))
  }
})

test('a signing key that was rotated in just before signing is accepted at the next login', async () => {
  assert.equal((await kit.browser().login(fake)).status, 303)
  await fake.rotate('key-2')
  assert.equal((await kit.browser().login(fake)).status, 303)
})

test('after a rotation of the single key, ID tokens without a key ID are accepted at once', async () => {
  fake.bent.header = { kid: undefined }
  assert.equal((await kit.browser().login(fake)).status, 303)
  await fake.rotate('key-3')
  fake.jwksRequests.count = 0
  const logins = await Promise.all(Array.from({ length: 5 }, () => kit.browser().login(fake)))
  assert.deepEqual(
    logins.map(({ status }) => status),
    [303, 303, 303, 303, 303],
  )
  assert.equal(fake.jwksRequests.count, 1)
})

test('an ID token that no published key verifies loads the keys again and gives no session', async () => {
  assert.equal((await kit.browser().login(fake)).status, 303)
  const { privateKey } = await generateKeyPair('RS256')
  for (const kid of [undefined, 'unknown']) {
    kit.clock.ahead += 1000
    fake.jwksRequests.count = 0
    fake.bent.sign = (claims) => fake.sign(claims, { kid }, privateKey)
    await assertRefused(`kid ${kid}`)
    assert.equal(fake.jwksRequests.count, 1, `kid ${kid}`)
  }
})

test('keys that cannot be loaded after a rotation are an outage of the issuer', async () => {
  assert.equal((await kit.browser().login(fake)).status, 303)
  await fake.rotate('key-4')
  fake.bent.header = { kid: undefined }
  fake.bent.jwks = { status: 500, body: 'oops' }
  await assertRefused('jwks 500', 'issuer-down', 503)
  fake.bent.jwks = undefined
  kit.clock.ahead = 5000
  assert.equal((await kit.browser().login(fake)).status, 303)
})

test('keys that cannot be loaded are an outage of the issuer, not a bad token', async () => {
  fake.bent.jwks = { status: 500, body: 'oops' }
  await assertRefused('jwks 500', 'issuer-down', 503)
})

test('max_age is requested, and auth_time is checked', async () => {
  kit = startLoginKit(fake, { issuer: { maxAgeSeconds: 60 } })
  const { authorization } = await kit.browser().startLogin(fake)
  assert.equal(authorization.searchParams.get('max_age'), '60')
  await assertRefused('no auth_time')
  fake.bent.claims = { auth_time: seconds(-600) }
  await assertRefused('auth_time too old')
  fake.bent.claims = { auth_time: seconds(-5) }
  assert.equal((await kit.browser().login(fake)).status, 303)
})

test('the tolerated clock difference comes from the configuration', async () => {
  fake.bent.claims = { iat: seconds(100) }
  kit = startLoginKit(fake, { issuer: { clockSkewSeconds: 200 } })
  assert.equal((await kit.browser().login(fake)).status, 303)
})
