import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { before, test } from 'node:test'
import { checkClientCertificate } from '../../../../../src/gateway/tokens/proof/client-certificate.ts'
import { buildDpopNonces } from '../../../../../src/gateway/tokens/proof/dpop-nonces.ts'
import { buildVerifyDpopProof } from '../../../../../src/gateway/tokens/proof/dpop-proof.ts'
import { buildProofKeys, PROOF_ALGORITHMS } from '../../../../../src/gateway/tokens/proof/proof-key.ts'
import { nonceRequired, wrongUse } from '../../../../../src/gateway/tokens/proof/proof-refusals.ts'
import { normalUrl, requestUrl } from '../../../../../src/gateway/tokens/proof/request-url.ts'
import { type ProofClient, proofClient } from './proof-client.ts'

const DPOP = { 'WWW-Authenticate': 'DPoP error="invalid_dpop_proof"' }
const INVALID = { 'WWW-Authenticate': 'Bearer error="invalid_token"' }
let alice: ProofClient
let mallory: ProofClient
before(async () => {
  ;[alice, mallory] = await Promise.all([proofClient(), proofClient()])
})

const urls: [text: string, normal: string | undefined][] = [
  ['https://o.example/mlflow/', 'https://o.example/mlflow/'],
  ['HTTPS://O.EXAMPLE:443/%6dlflow/?a=b#c', 'https://o.example/mlflow/'],
  ['http://o.example:80', 'http://o.example/'],
  ['https://o.example:8443/', 'https://o.example:8443/'],
  ['https://o.example.:8443/x', 'https://o.example:8443/x'],
  ['https://o.example./x', 'https://o.example/x'],
  ['https://o.example/a%2fb%2E%7e%41%5a%5f%30%2d', 'https://o.example/a%2Fb.~AZ_0-'],
  ['https://o.example/%e4%c3', 'https://o.example/%E4%C3'],
  ['https://o.example/a/../b/./c', 'https://o.example/b/c'],
  ['https://user@o.example/', undefined],
  ['https://:secret@o.example/', undefined],
  ['ftp://o.example/', undefined],
  ['httpsx://o.example/', undefined],
  ['xhttps://o.example/', undefined],
  ['/mlflow/', undefined],
  ['', undefined],
]
for (const [text, normal] of urls)
  test(`the URL ${JSON.stringify(text)} is ${normal ?? 'none'}`, () => assert.equal(normalUrl(text), normal))

test('the URL of a request is made of the public scheme, its host and its target', () => {
  assert.equal(requestUrl('https', { host: 'o.example', target: '/a?b' }), 'https://o.example/a')
  assert.equal(requestUrl('http', { host: 'o.example:80', target: '/' }), 'http://o.example/')
})

const PERIOD = 300_000
const SECRETS = ['the-current-secret-of-at-least-32-bytes', 'the-previous-secret-of-at-least-32-bytes']
test('a nonce is one for five minutes, and accepted for a period on either side', () => {
  let now = 100 * PERIOD
  const nonces = buildDpopNonces(SECRETS, () => now)
  const first = nonces.current()
  assert.match(first, /^2s\.[\w-]{22}$/)
  now += PERIOD - 1
  assert.equal(nonces.current(), first)
  now += 1
  const second = nonces.current()
  assert.notEqual(second, first)
  assert.equal(nonces.isValid(first), true)
  now += PERIOD
  assert.equal(nonces.isValid(first), false)
  assert.equal(nonces.isValid(second), true)
  now = 100 * PERIOD
  assert.equal(nonces.isValid(second), true, 'the clock of another replica is ahead')
  now -= 1
  assert.equal(nonces.isValid(second), false)
})

test('a nonce of another secret counts while that secret is in the configuration', () => {
  const now = () => 100 * PERIOD
  const previous = buildDpopNonces([SECRETS[1] as string], now).current()
  assert.equal(buildDpopNonces(SECRETS, now).isValid(previous), true)
  assert.equal(buildDpopNonces([SECRETS[0] as string], now).isValid(previous), false)
  assert.equal(buildDpopNonces([SECRETS[0] as string], now).current(), buildDpopNonces(SECRETS, now).current())
  assert.equal(previous, '2s.PvFuPVa8HiFP3aB6mG2vKA')
})

test('what is no nonce is none', () => {
  const nonces = buildDpopNonces(SECRETS, () => 100 * PERIOD)
  const [period, tag] = nonces.current().split('.') as [string, string]
  const forged = createHmac('sha256', 'a guess').update('100').digest().subarray(0, 16).toString('base64url')
  for (const nonce of [
    ...[
      '',
      '.',
      period,
      `${period}.`,
      `.${tag}`,
      `${period}.${tag}A`,
      `${period}.${tag.slice(1)}`,
      ` ${period}.${tag}`,
    ],
    ...[
      `2t.${tag}`,
      `2r.${tag}`,
      `2S.${tag}`,
      `${period}.${tag}\n`,
      `x${period}.${tag}`,
      `${period}.${forged}`,
      `-1.${tag}`,
    ],
    `${'0'.repeat(10)}${period}.${tag}`,
  ])
    assert.equal(nonces.isValid(nonce), false, nonce)
  assert.equal(nonces.isValid(`0${period}.${tag}`), true)
})

const CERTIFICATE = Buffer.from('a certificate')
const thumbprint = createHash('sha256').update(CERTIFICATE).digest('base64url')
const presented = (rawHeaders: string[], expected = thumbprint, trusted = true) => {
  const isTrusted = (peer: string | undefined) => peer === '10.0.0.1' && trusted
  checkClientCertificate({ rawHeaders, peerAddress: '10.0.0.1' }, expected, isTrusted)
}
const sent = (bytes: Buffer) => `:${bytes.toString('base64')}:`

test('a certificate of the proxy in front is compared by its hash', () => {
  presented(['Client-Cert', sent(CERTIFICATE)])
  presented(['X', 'client-cert', 'CLIENT-CERT', sent(CERTIFICATE), 'Y', 'z'])
})

const wrong: [what: string, raw: string[], explain: RegExp, trusted?: boolean][] = [
  ['from nobody in front', ['Client-Cert', sent(CERTIFICATE)], /came without one/, false],
  ['none', [], /^It is bound to a client certificate\. Send/],
  ['an empty one', ['Client-Cert', '::'], /^It is bound to a client certificate\. Send/],
  ['two', ['Client-Cert', sent(CERTIFICATE), 'Client-Cert', sent(CERTIFICATE)], /no readable/],
  ['another', ['Client-Cert', sent(Buffer.from('another'))], /another client certificate/],
  ['one without colons', ['Client-Cert', CERTIFICATE.toString('base64')], /no readable/],
  ['one with something behind', ['Client-Cert', `${sent(CERTIFICATE)};a`], /no readable/],
  ['one with something in front', ['Client-Cert', `a${sent(CERTIFICATE)}`], /no readable/],
  ['one in base64url', ['Client-Cert', ':_-_-:'], /no readable/],
  ['one with too much padding', ['Client-Cert', ':YQ===:'], /no readable/],
]
for (const [what, raw, explain, trusted] of wrong)
  test(`a certificate that is ${what} proves nothing`, () => {
    assert.throws(() => presented(raw, thumbprint, trusted), { reason: 'proof-invalid', headers: INVALID, explain })
  })

const NOW = 1_700_000_000
const use = (over: object = {}) => ({
  ...{ method: 'GET', url: 'https://o.example/mlflow/', token: 'token', jkt: alice.jkt },
  ...over,
})
const verify = buildVerifyDpopProof(5, () => NOW * 1000)
const prove = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, by = alice) =>
  by.prove('token', { jti: 'j', iat: NOW, ...claims }, header)

test('a proof says what is left to check', async () => {
  assert.deepEqual(await verify(await prove({ nonce: 'n' }), use()), { jti: 'j', iat: NOW, nonce: 'n' })
  assert.equal((await verify(await prove(), use())).nonce, undefined)
  assert.equal((await verify(await prove({ nonce: 'n'.repeat(512), jti: 'j'.repeat(512) }), use())).jti.length, 512)
  for (const typ of ['dpop+jwt', 'application/DPOP+jwt']) await verify(await prove({}, { typ }), use())
  for (const iat of [NOW - 65, NOW + 5, NOW - 0.5]) await verify(await prove({ iat }), use())
})

const claims: [what: string, claims: Record<string, unknown>, explain: RegExp][] = [
  ['too old', { iat: NOW - 66 }, /\(2023-11-14T22:13:20Z\), it was created 66 s in the past/],
  ['from the future', { iat: NOW + 6 }, /6 s in the future/],
  ['without a time', { iat: undefined }, /iat is missing/],
  ['with a time that is a text', { iat: String(NOW) }, /iat is missing/],
  ['of another method', { htm: 'POST' }, /Its htm is POST, expected GET/],
  ['of a method in another case', { htm: 'get' }, /expected GET/],
  ['without a method', { htm: undefined }, /Its htm is missing/],
  ['of another URL', { htu: 'https://o.example/other' }, /expected https:\/\/o\.example\/mlflow\//],
  ['with a URL that is none', { htu: 'mlflow' }, /Its htu is mlflow/],
  ['without a URL', { htu: undefined }, /Its htu is missing/],
  ['of another token', { ath: 'x' }, /SHA-256/],
  ['without a token', { ath: undefined }, /SHA-256/],
  ['without jti', { jti: undefined }, /jti/],
  ['with an empty jti', { jti: '' }, /jti/],
  ['with a jti that is too long', { jti: 'j'.repeat(513) }, /jti/],
]
for (const [what, changed, explain] of claims)
  test(`a proof ${what} is denied`, async () => {
    const proof = await prove(changed)
    await assert.rejects(verify(proof, use()), { reason: 'proof-invalid', headers: DPOP, explain })
  })

test('where the request has no URL, no proof is about it', async () => {
  const proof = await prove({ htu: 'no URL' })
  await assert.rejects(verify(proof, use({ url: undefined })), { explain: /expected none/ })
})

test('a proof of another kind, of another key, or with a damaged signature is denied', async () => {
  for (const typ of [undefined, 'jwt', 'at+jwt', 'dpop'])
    await assert.rejects(verify(await prove({}, { typ }), use()), { explain: /typ header/ })
  await assert.rejects(verify(await prove({}, {}, mallory), use()), { explain: /another key/ })
  await assert.rejects(verify(await prove({}, { jwk: alice.jwk }, mallory), use()), {
    explain: /does not match its key/,
  })
  const good = await prove()
  for (const damaged of ['', 'a.b', `${good}.x`, `x${good}`]) {
    await assert.rejects(verify(damaged, use()), { reason: 'proof-invalid', headers: DPOP })
  }
  await assert.rejects(verify('x'.repeat(8192), use()), { explain: /not a signed JWT/ })
  await assert.rejects(verify('x'.repeat(8193), use()), { explain: /too long/ })
  assert.equal((await verify(await prove({ x: 'x'.repeat(5000) }), use())).jti, 'j')
})

const keyOf = (header: object, jkt = alice.jkt, encoded = 'header') =>
  buildProofKeys().read(encoded, header as never, jkt)
test('the key of a proof is public, known, and not too large', async () => {
  const { alg, jkt } = await keyOf({ alg: 'ES256', jwk: alice.jwk })
  assert.deepEqual([alg, jkt], ['ES256', alice.jkt])
  assert.deepEqual(PROOF_ALGORITHMS, ['ES256', 'ES384', 'ES512', 'PS256', 'RS256', 'EdDSA', 'Ed25519'])
  for (const wrongAlg of [undefined, 'none', 'HS256', 'es256', 'RS512'])
    await assert.rejects(keyOf({ alg: wrongAlg, jwk: alice.jwk }), { explain: /algorithm/ }, String(wrongAlg))
  for (const jwk of [undefined, null, 'x', [], [alice.jwk]])
    await assert.rejects(keyOf({ alg: 'ES256', jwk }), { explain: /no public key/ })
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
    await assert.rejects(
      keyOf({ alg: 'ES256', jwk: { ...alice.jwk, [member]: '' } }),
      { explain: /private key/ },
      member,
    )
  for (const jwk of [{}, { kty: 'oct' }, { kty: 1 }, { kty: 'ec' }, { kty: 'EC' }])
    await assert.rejects(keyOf({ alg: 'ES256', jwk }), { explain: /no usable public key/ }, JSON.stringify(jwk))
  for (const jwk of [
    { kty: 'RSA', n: 'n'.repeat(684), e: 'AQAB' },
    { kty: 'RSA', n: 'n', e: 'e'.repeat(7) },
    { kty: 'RSA', n: 1, e: 'AQAB' },
    { kty: 'RSA', n: 'n', e: {} },
  ])
    await assert.rejects(keyOf({ alg: 'RS256', jwk }), { explain: /too large/ }, JSON.stringify(jwk).slice(0, 40))
  await assert.rejects(keyOf({ alg: 'RS256', jwk: { kty: 'RSA', n: 'n'.repeat(683), e: 'e'.repeat(6) } }), {
    explain: /another key/,
  })
  await assert.rejects(keyOf({ alg: 'ES384', jwk: alice.jwk }), { explain: /no usable public key|usable/ })
})

test('a key is imported once for each header, and never counts for another thumbprint', async () => {
  const keys = buildProofKeys()
  const header = { alg: 'ES256', jwk: alice.jwk } as never
  const first = await keys.read('header', header, alice.jkt)
  assert.equal(await keys.read('header', {} as never, alice.jkt), first, 'from memory')
  await assert.rejects(keys.read('header', header, mallory.jkt), { reason: 'proof-invalid' })
  const long = 'x'.repeat(1400)
  assert.equal(await keys.read(long, header, alice.jkt), await keys.read(long, header, alice.jkt))
  assert.notEqual(await keys.read(`${long}x`, header, alice.jkt), await keys.read(`${long}x`, header, alice.jkt))
})

test('the challenges are those of the specifications', () => {
  const nonce = nonceRequired('n')
  assert.deepEqual(
    [nonce.reason, nonce.headers],
    ['proof-nonce-required', { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': 'n' }],
  )
  for (const scheme of ['Bearer', 'DPoP'] as const) {
    const { reason, headers, explain } = wrongUse('detail', 'explanation', scheme)
    assert.deepEqual(
      [reason, headers, explain],
      ['token-invalid', { 'WWW-Authenticate': `${scheme} error="invalid_token"` }, 'explanation'],
    )
  }
})
