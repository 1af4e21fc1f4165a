import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, test } from 'node:test'
import type { Config } from '../../../../../src/gateway/config/schema.ts'
import { buildVerifyProof, type PresentedToken } from '../../../../../src/gateway/tokens/proof/verify-proof.ts'
import { type ProofClient, proofClient, requestWith } from './proof-client.ts'

/** What a token that is bound to a key needs, with the clock and the store replaced. */
const NOW = 1_700_000_000
let alice: ProofClient
before(async () => {
  alice = await proofClient()
})
const CERTIFICATE = Buffer.from('a certificate')
const thumbprint = createHash('sha256').update(CERTIFICATE).digest('base64url')
const PROXIED = { peerAddress: '10.0.0.1', rawHeaders: ['Client-Cert', `:${CERTIFICATE.toString('base64')}:`] }

function proofs(over: Partial<Config['proofOfPossession']> = {}, publicUrl = 'https://o.example') {
  const clock = { now: NOW * 1000 }
  const claimed: [string, number][] = []
  const store = { isFirst: true }
  const proof = buildVerifyProof({
    config: {
      issuer: { clockSkewSeconds: 5 },
      server: { publicUrl, trustedProxies: ['10.0.0.0/8'] },
      session: { secrets: ['a-secret-of-at-least-32-bytes-for-nonces'] },
      proofOfPossession: { dpop: 'accept', dpopNonce: false, clientCertificates: false, ...over },
    } as never,
    clock: () => clock.now,
    claimOnce: async (name, seconds) => {
      claimed.push([name, seconds])
      return store.isFirst
    },
  })
  const verify = (presented: Partial<PresentedToken>) =>
    proof.verify({
      ...{
        scheme: 'dpop',
        token: 'token',
        confirmation: { jkt: alice.jkt },
        request: undefined,
        isReauthorization: false,
      },
      ...presented,
    })
  return { clock, claimed, store, proof, verify }
}
const prove = (claims: Record<string, unknown> = {}) => alice.prove('token', { jti: 'j', iat: NOW, ...claims })

test('what has to be verified is known at once', () => {
  const bound = { jkt: 'k' }
  const { proof } = proofs()
  assert.equal(proof.acceptsDpop, true)
  assert.equal(proof.concerns({ scheme: 'bearer', confirmation: undefined }), false)
  assert.equal(proof.concerns({ scheme: 'dpop', confirmation: undefined }), true)
  assert.equal(proof.concerns({ scheme: 'bearer', confirmation: bound }), true)
  assert.equal(proofs({ dpop: 'off' }).proof.acceptsDpop, false)
  assert.equal(proofs({ dpop: 'require' }).proof.acceptsDpop, true)
  assert.equal(proofs({ dpop: 'require' }).proof.concerns({ scheme: 'bearer', confirmation: undefined }), true)
})

test('a proof counts once, for as long as any replica could accept it', async () => {
  const { claimed, clock, store, verify } = proofs()
  await verify({ request: requestWith(await prove()) })
  clock.now += 1500
  await verify({ request: requestWith(await prove()) })
  assert.deepEqual(claimed, [
    [`dpop:${alice.jkt}:j`, 71],
    [`dpop:${alice.jkt}:j`, 70],
  ])
  store.isFirst = false
  await assert.rejects(verify({ request: requestWith(await prove()) }), {
    reason: 'proof-invalid',
    explain: /used before/,
  })
})

test('the request has exactly one proof', async () => {
  const { claimed, verify } = proofs()
  const proof = await prove()
  await assert.rejects(verify({ request: requestWith([]) }), { reason: 'proof-invalid', explain: /no DPoP header/ })
  await assert.rejects(verify({ request: requestWith([proof, proof]) }), {
    reason: 'proof-invalid',
    explain: /several/,
  })
  const hidden = requestWith([], { rawHeaders: ['X', 'dpop', 'Y', proof] })
  await assert.rejects(verify({ request: hidden }), { explain: /no DPoP header/ })
  assert.deepEqual(claimed, [])
  await verify({ request: requestWith([], { rawHeaders: ['Accept', 'dpop', 'dPoP', proof] }) })
})

test('a proof is about the public scheme of the gateway', async () => {
  const plain = proofs({}, 'http://o.example')
  await plain.verify({ request: requestWith(await prove({ htu: 'http://o.example/mlflow/' })) })
  await assert.rejects(plain.verify({ request: requestWith(await prove()) }), { reason: 'proof-invalid' })
})

test('while nonces are demanded, a proof without a current one is asked for again', async () => {
  const { claimed, clock, verify } = proofs({ dpopNonce: true })
  const asked = async (nonce?: string) => {
    const error = await verify({
      request: requestWith(await prove({ nonce, iat: Math.floor(clock.now / 1000) })),
    }).then(
      () => assert.fail('accepted'),
      (reason: { reason: string; headers: Record<string, string> }) => reason,
    )
    assert.equal(error.reason, 'proof-nonce-required')
    return error.headers['DPoP-Nonce']
  }
  const nonce = await asked()
  assert.equal(await asked('a guess'), nonce)
  assert.deepEqual(claimed, [])
  const request = requestWith(await prove({ nonce }))
  await verify({ request })
  assert.deepEqual(request.responseHeaders, [])
  clock.now += 300_000
  const later = requestWith(await prove({ nonce, iat: Math.floor(clock.now / 1000) }))
  await verify({ request: later })
  assert.equal(later.responseHeaders[0], 'DPoP-Nonce')
  assert.notEqual(later.responseHeaders[1], nonce)
  const { responseHeaders: _, ...without } = requestWith(await prove({ nonce, iat: Math.floor(clock.now / 1000) }))
  await verify({ request: without })
})

test('without the setting a nonce means nothing', async () => {
  const request = requestWith(await prove({ nonce: 'a guess' }))
  await proofs().verify({ request })
  assert.deepEqual(request.responseHeaders, [])
})

const wrongUses: [
  what: string,
  dpop: 'off' | 'accept' | 'require',
  presented: Partial<PresentedToken>,
  scheme: string,
][] = [
  ['a bound token while DPoP is off', 'off', {}, 'Bearer'],
  ['a bound token as a bearer token', 'accept', { scheme: 'bearer' }, 'DPoP'],
  ['an unbound token with DPoP', 'accept', { confirmation: undefined }, 'DPoP'],
  ['an unbound token where DPoP is required', 'require', { scheme: 'bearer', confirmation: undefined }, 'DPoP'],
  ['a bound token without a request', 'accept', {}, 'Bearer'],
  ['one bound to a certificate alone with DPoP', 'accept', { confirmation: { certificate: thumbprint } }, 'DPoP'],
  [
    'one bound to a certificate while they are off',
    'accept',
    { scheme: 'bearer', confirmation: { certificate: thumbprint }, request: requestWith([], PROXIED) },
    'Bearer',
  ],
]
for (const [what, dpop, presented, scheme] of wrongUses)
  test(`${what} is denied with the challenge of ${scheme}`, async () => {
    await assert.rejects(proofs({ dpop }).verify(presented), {
      reason: 'token-invalid',
      headers: { 'WWW-Authenticate': `${scheme} error="invalid_token"` },
    })
  })

test('a request that was authenticated before needs no second proof, but its scheme must fit', async () => {
  const { claimed, verify } = proofs()
  await verify({ isReauthorization: true })
  assert.deepEqual(claimed, [])
  await assert.rejects(verify({ isReauthorization: true, scheme: 'bearer' }), { reason: 'token-invalid' })
})

test('an unbound bearer token needs nothing', async () => {
  await proofs().verify({ scheme: 'bearer', confirmation: undefined })
})

test('a token that is bound to a certificate counts with it, and one that is bound to both needs both', async () => {
  const { claimed, verify } = proofs({ clientCertificates: true })
  await verify({ scheme: 'bearer', confirmation: { certificate: thumbprint }, request: requestWith([], PROXIED) })
  assert.deepEqual(claimed, [])
  const confirmation = { certificate: thumbprint, jkt: alice.jkt }
  const proof = await prove()
  const both = requestWith([], { ...PROXIED, rawHeaders: [...PROXIED.rawHeaders, 'DPoP', proof] })
  await verify({ confirmation, request: both })
  assert.equal(claimed.length, 1)
  await assert.rejects(verify({ confirmation, request: requestWith([], PROXIED) }), { explain: /no DPoP header/ })
  await assert.rejects(verify({ confirmation, request: requestWith(proof) }), { reason: 'proof-invalid' })
  const fromElsewhere = requestWith([], { ...PROXIED, peerAddress: '192.0.2.1' })
  await assert.rejects(
    verify({ scheme: 'bearer', confirmation: { certificate: thumbprint }, request: fromElsewhere }),
    {
      reason: 'proof-invalid',
    },
  )
})
