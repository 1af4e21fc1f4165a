import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, test } from 'node:test'
import { createLocalJWKSet, errors, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Config } from '../../../../src/gateway/config/schema.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { checkIdToken, type IdTokenExpectations } from '../../../../src/gateway/issuer/id-token.ts'
import type { IssuerKeys } from '../../../../src/gateway/issuer/keys/issuer-keys.ts'

/** The rules for ID tokens, without an issuer around them. */
const NOW = 1_700_000_000
type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let ours: Pair
let other: Pair
let jwk: JWK
let otherJwk: JWK
before(async () => {
  ;[ours, other] = await Promise.all([
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
  ])
  jwk = { ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  otherJwk = { ...(await exportJWK(other.publicKey)), kid: 'k2', alg: 'ES256', use: 'sig' }
})

const issuer = (over: object = {}) =>
  ({
    ...{ url: 'https://sso.example', clientId: 'gateway', algorithms: ['ES256'], clockSkewSeconds: 10 },
    ...over,
  }) as unknown as Config['issuer']
const half = (text: string, algorithm = 'sha256') => {
  const hash = createHash(algorithm).update(text).digest()
  return hash.subarray(0, hash.length / 2).toString('base64url')
}
const right = () => ({
  ...{ iss: 'https://sso.example', sub: 'alice', aud: 'gateway', iat: NOW, exp: NOW + 60 },
  ...{ at_hash: half('access'), c_hash: half('code'), nonce: 'n' },
})
const sign = (claims: object = {}, header: object = {}, pair = ours) =>
  new SignJWT({ ...right(), ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
    .sign(pair.privateKey)

/** Keys, of which others are there after the set was loaded once more. */
function keysOf(before: JWK[], after = before): IssuerKeys & { readonly reloads: string[] } {
  let find = createLocalJWKSet({ keys: before })
  const reloads: string[] = []
  return {
    reloads,
    find: (header, token) => find(header, token),
    reload: async () => assert.fail('nobody asked for it'),
    async reloadFor(source) {
      reloads.push(source)
      find = createLocalJWKSet({ keys: after })
    },
  }
}
const check = async (token: string, over: Partial<IdTokenExpectations> = {}) =>
  checkIdToken(token, {
    ...{ issuer: issuer(), keys: keysOf([jwk]), now: NOW * 1000, accessToken: 'access', code: 'code' },
    ...over,
  })

test('the claims of a good ID token are those that were signed', async () => {
  assert.deepEqual(await check(await sign()), right())
})

const accepted: [what: string, claims: object, header?: object, over?: object][] = [
  ['no hashes', { at_hash: undefined, c_hash: undefined }],
  ['no nonce: openid-client has checked it', { nonce: undefined }],
  ['a time within the difference of the clocks', { iat: NOW + 10, exp: NOW + 60 }],
  ['an end within the difference of the clocks', { exp: NOW - 9 }],
  ['our client as the authorized party', { azp: 'gateway' }],
  ['a list with us alone', { aud: ['gateway'] }],
  ['a trusted audience beside us', { aud: ['gateway', 'api'], azp: 'gateway' }, {}, { audiences: ['api'] }],
  ['the kind of Keycloak', { typ: 'ID' }],
  ['a kind that is no text', { typ: 7 }],
  ['the type JWT', {}, { typ: 'JWT' }],
  ['the media type', {}, { typ: 'application/jwt' }],
  ['an authentication just now', { auth_time: NOW + 10 }, {}, { maxAgeSeconds: 60 }],
  ['no time of authentication', {}, {}, { maxAgeSeconds: 60 }],
  ['an authentication in the future that nobody asked about', { auth_time: NOW + 1000 }],
]
for (const [what, claims, header, over] of accepted)
  test(`an ID token with ${what} is accepted`, async () => {
    assert.equal((await check(await sign(claims, header), { issuer: issuer(over) })).sub, 'alice')
  })

const refused: [what: string, claims: object, header?: object, over?: object][] = [
  ['another issuer', { iss: 'https://evil.example' }],
  ['no issuer', { iss: undefined }],
  ['no subject', { sub: undefined }],
  ['a subject that is a number', { sub: 7 }],
  ['no time', { iat: undefined }],
  ['a time in the future', { iat: NOW + 11 }],
  ['no end', { exp: undefined }],
  ['an end in the past', { exp: NOW - 10 }],
  ['an end that is no time', { exp: 253_402_300_800 }],
  ['another audience', { aud: 'other' }],
  ['no audience', { aud: undefined }],
  ['an audience that is not trusted beside us', { aud: ['gateway', 'api'], azp: 'gateway' }],
  ['a trusted audience without us', { aud: 'api' }, {}, { audiences: ['api'] }],
  ['several audiences and no authorized party', { aud: ['gateway', 'api'] }, {}, { audiences: ['api'] }],
  ['another authorized party', { azp: 'api' }, {}, { audiences: ['api'] }],
  ['an empty authorized party', { azp: '' }],
  ['the hash of another access token', { at_hash: half('other') }],
  ['the whole hash of the access token', { at_hash: createHash('sha256').update('access').digest('base64url') }],
  ['an empty hash', { at_hash: '' }],
  ['the hash of another code', { c_hash: half('other') }],
  ['the hash of the access token as that of the code', { c_hash: half('access') }],
  ['an event', { events: {} }],
  ['an authentication in the future', { auth_time: NOW + 11 }, {}, { maxAgeSeconds: 60 }],
  ['the type of an access token', {}, { typ: 'at+jwt' }],
  ['the type of a logout token', {}, { typ: 'logout+jwt' }],
  ['a type that is no text', {}, { typ: 7 }],
  ...['Bearer', 'DPoP', 'Refresh', 'Offline', 'Logout', 'at+jwt', 'bearer'].map((typ): [string, object] => [
    `the kind ${typ}`,
    { typ },
  ]),
  ['an algorithm that is not accepted', {}, {}, { algorithms: ['RS256'] }],
]
for (const [what, claims, header, over] of refused)
  test(`an ID token with ${what} is refused`, async () => {
    await assert.rejects(check(await sign(claims, header), { issuer: issuer(over) }), (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error))
      assert.equal(error.reason, 'login-failed')
      assert.equal(error.cause, undefined, 'the errors of the library contain the payload')
      return true
    })
  })

test('at a refresh there is no code, and its hash says nothing', async () => {
  assert.equal((await check(await sign({ c_hash: half('another') }), { code: undefined })).sub, 'alice')
})

for (const [alg, algorithm] of [
  ['ES384', 'sha384'],
  ['EdDSA', 'sha512'],
] as const)
  test(`the hashes of a token that ${alg} signed are of ${algorithm}`, async () => {
    const pair = await generateKeyPair(alg, { extractable: true })
    const keys = keysOf([{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg, use: 'sig' }])
    const over = { keys, issuer: issuer({ algorithms: [alg] }) }
    const hashed = (by: string) => ({ at_hash: half('access', by), c_hash: half('code', by) })
    assert.equal((await check(await sign(hashed(algorithm), { alg }, pair), over)).sub, 'alice')
    await assert.rejects(check(await sign(hashed('sha256'), { alg }, pair), over), { reason: 'login-failed' })
  })

test('what is no JWT, or has a member twice, is refused before any key is looked for', async () => {
  const keys = { ...keysOf([jwk]), find: () => assert.fail('a key was looked for') } as unknown as IssuerKeys
  const part = (text: string) => Buffer.from(text).toString('base64url')
  for (const token of ['', 'opaque', 'a.b.c', `${part('{"alg":"ES256","alg":"ES256"}')}.${part('{}')}.x`])
    await assert.rejects(check(token, { keys }), { reason: 'login-failed' }, token)
})

test('after a rotation the keys are loaded once more, also for a token without a key ID', async () => {
  for (const kid of ['k2', undefined]) {
    const keys = keysOf([jwk], [otherJwk])
    assert.equal((await check(await sign({}, { kid }, other), { keys })).sub, 'alice')
    assert.deepEqual(keys.reloads, ['issuer'])
  }
  const known = keysOf([jwk, otherJwk])
  await check(await sign({}, { kid: 'k2' }, other), { keys: known })
  await check(await sign({}, { kid: undefined }, other), { keys: known })
  await check(await sign({}, { kid: undefined }), { keys: known })
  assert.deepEqual(known.reloads, [])
})

test('a token that no key has signed is refused: after one more load, unless its key ID is known', async () => {
  const unknown = keysOf([jwk])
  await assert.rejects(check(await sign({}, { kid: 'k2' }, other), { keys: unknown }), { reason: 'login-failed' })
  await assert.rejects(check(await sign({}, { kid: undefined }, other), { keys: unknown }), { reason: 'login-failed' })
  assert.deepEqual(unknown.reloads, ['issuer', 'issuer'])
  const known = keysOf([jwk])
  await assert.rejects(check(await sign({}, {}, other), { keys: known }), { reason: 'login-failed' })
  assert.deepEqual(known.reloads, [])
  const two = keysOf([jwk, { ...jwk, kid: 'k3' }])
  await assert.rejects(check(await sign({}, { kid: undefined }, other), { keys: two }), { reason: 'login-failed' })
  assert.deepEqual(two.reloads, ['issuer'])
})

test('one of several keys that cannot be used is passed over, and claims that are wrong end the search', async () => {
  const broken = { ...otherJwk, x: 'AA', kid: 'k3' }
  const keys = keysOf([broken, jwk])
  assert.equal((await check(await sign({}, { kid: undefined }), { keys })).sub, 'alice')
  const wrong = sign({ aud: 'other' }, { kid: undefined })
  const both = keysOf([jwk, otherJwk])
  await assert.rejects(check(await wrong, { keys: both }), { reason: 'login-failed', message: /aud/ })
  assert.deepEqual(both.reloads, [])
})

test('keys that cannot be loaded are no verdict on the token', async () => {
  for (const error of [new TypeError('fetch failed'), new errors.JWKSTimeout()]) {
    const keys = { ...keysOf([jwk]), find: () => Promise.reject(error) } as unknown as IssuerKeys
    await assert.rejects(check(await sign(), { keys }), error)
  }
})
