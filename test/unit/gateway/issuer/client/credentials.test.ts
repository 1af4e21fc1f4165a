import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { calculateJwkThumbprint, exportJWK, UnsecuredJWT } from 'jose'
import { readAssertion } from '../../../../../src/gateway/issuer/client/assertion-file.ts'
import { readClientCertificate } from '../../../../../src/gateway/issuer/client/client-certificate.ts'
import { readClientFile } from '../../../../../src/gateway/issuer/client/client-file.ts'
import { clockAdvice, secondsAhead } from '../../../../../src/gateway/issuer/client/clock-difference.ts'
import { parseSigningKey } from '../../../../../src/gateway/issuer/client/signing-key.ts'
import { makeAuthority } from '../../../../authority.ts'

const folder = mkdtempSync(join(tmpdir(), 'modelops-credentials-'))
after(() => rmSync(folder, { recursive: true }))
const FILE = { key: 'issuer.clientKeys.0.path', path: 'key.pem' }
const NOW = Date.now()
const SECRET_PART = /PRIVATE KEY-----\s+\w|"d"/

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') => String(key.export({ format: 'pem', type }))
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey
const P256 = ec('P-256')
const RSA = rsa(2048)

const ALGORITHMS: [string, KeyObject, string][] = [
  ['RSA', RSA, 'RS256'],
  ['P-256', P256, 'ES256'],
  ['P-384', ec('P-384'), 'ES384'],
  ['P-521', ec('P-521'), 'ES512'],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey, 'EdDSA'],
]
for (const [name, key, algorithm] of ALGORITHMS) {
  test(`a key of type ${name} signs with ${algorithm} by default, and its public part has nothing private`, async () => {
    const found = await parseSigningKey(pem(key), FILE, {})
    assert.equal(found.algorithm, algorithm)
    const members = Object.keys(found.publicJwk).filter((name) => !['kty', 'crv', 'n', 'e', 'x', 'y'].includes(name))
    assert.deepEqual(members.toSorted(), ['alg', 'kid', 'use'])
  })
}

test('the key ID is that of the configuration, else of the JWK, else the thumbprint', async () => {
  const jwk = await exportJWK(P256)
  const thumbprint = await calculateJwkThumbprint(jwk)
  assert.equal((await parseSigningKey(JSON.stringify({ ...jwk, kid: 'a' }), FILE, { kid: 'b' })).kid, 'b')
  assert.equal((await parseSigningKey(JSON.stringify({ ...jwk, kid: 'a' }), FILE, {})).kid, 'a')
  assert.equal((await parseSigningKey(JSON.stringify(jwk), FILE, {})).kid, thumbprint, 'a JWK without kid')
  assert.equal((await parseSigningKey(pem(P256, 'sec1'), FILE, {})).kid, thumbprint)
})

const encrypted = P256.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
const publicPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' })
const WRONG: [string, () => Promise<string> | string, { algorithm?: 'ES256' | 'RS256' }, RegExp][] = [
  [
    'an RSA key that is too small',
    () => pem(rsa(1024)),
    {},
    /an RSA key of at least 2048 bits, got key.pem: an RSA key of 1024 bits/,
  ],
  [
    'a key of another kind than the algorithm',
    () => pem(RSA),
    { algorithm: 'ES256' },
    /a key for "ES256", got key.pem: a key for RS256/,
  ],
  ['a curve that is not offered', () => pem(ec('secp256k1')), {}, /got key.pem: a key of type secp256k1/],
  ['an encrypted key', () => String(encrypted), {}, /an encrypted key.*without a passphrase/],
  ['a public key', () => String(publicPem), {}, /a certificate or a public key. Name the file with the private key/],
  ['something else', () => 'hello', {}, /something else/],
  ['a broken PEM block', () => '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', {}, /not a valid key/],
  [
    'a symmetric JWK',
    async () => JSON.stringify(await exportJWK(createSecretKey(Buffer.alloc(32)))),
    {},
    /a symmetric key/,
  ],
  ['a public JWK', async () => JSON.stringify({ ...(await exportJWK(P256)), d: undefined }), {}, /a public key/],
  ['a JWK that is not JSON', () => '{', {}, /begins like a JWK and is not JSON/],
  ['a set of keys', () => '{"keys":[]}', {}, /a set of keys/],
]
for (const [name, text, settings, message] of WRONG) {
  test(`${name} is refused with a message that does not contain it`, async () => {
    const error = await parseSigningKey(await text(), FILE, settings).catch((thrown: Error) => thrown)
    assert.ok(error instanceof Error)
    assert.match(error.message, /^issuer\.clientKeys\.0\.path: expected /)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, SECRET_PART)
  })
}

const JWT: [string, string, RegExp][] = [
  ['one that has expired', new UnsecuredJWT({ exp: NOW / 1000 - 60 }).encode(), /a JWT that expired 60 seconds ago/],
  ['one without `exp`', new UnsecuredJWT({ sub: 'a' }).encode(), /a JWT without `exp`/],
  ['two tokens in one file', 'a.b.c\nd.e.f', /something that is not a JWT/],
  ['an empty file', '\n', /an empty file/],
  ['a very long file', 'x'.repeat(70_000), /more than 65536 bytes/],
]
for (const [name, text, message] of JWT) {
  test(`assertion file: ${name}`, async () => {
    const path = join(folder, 'token')
    // A signature that is none: the shape alone is checked here.
    writeFileSync(path, text.endsWith('.') ? `${text}c2ln` : text)
    await assert.rejects(readAssertion({ key: 'issuer.clientAssertion.path', path }, NOW), message)
  })
}

test('a file that is missing is named', async () => {
  const path = join(folder, 'nothing')
  await assert.rejects(
    readClientFile({ key: 'issuer.clientAssertion.path', path }, 'a JWT'),
    /nothing: ENOENT \(no such file\)/,
  )
})

test('a certificate is refused with another key, before its time and after it', async () => {
  const authority = makeAuthority()
  try {
    const [own, other] = [authority.issue('gateway'), authority.issue('other')]
    const now = NOW + 60_000
    const files = { path: own.cert, keyPath: own.key }
    assert.equal((await readClientCertificate(files, now)).cert, readFileSync(own.cert, 'utf8').trim())
    await assert.rejects(
      readClientCertificate({ ...files, keyPath: other.key }, now),
      /clientCertificate\.keyPath: .*another key/,
    )
    await assert.rejects(readClientCertificate(files, now + 5 * 86_400_000), /one that expired on 20/)
    await assert.rejects(readClientCertificate(files, now - 5 * 86_400_000), /one that is valid from 20/)
    await assert.rejects(
      readClientCertificate({ path: own.key, keyPath: own.key }, now),
      /clientCertificate\.path: .*something else/,
    )
  } finally {
    authority.close()
  }
})

test('a difference of the clocks is told with its direction, a small one is not', () => {
  const at = (seconds: number) => secondsAhead(new Date(NOW + seconds * 1000).toUTCString(), NOW)
  assert.match(clockAdvice(at(300)) ?? '', /clock is (299|300|301) seconds ahead of/)
  assert.match(clockAdvice(at(-300)) ?? '', /clock is (299|300|301) seconds behind/)
  assert.equal(clockAdvice(at(3)), undefined)
  assert.match(clockAdvice(secondsAhead(undefined, NOW)) ?? '', /^Compare the clocks/, 'Keycloak sends no Date')
})
