import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { type FakeIssuer, startFakeIssuer } from '../../signin/fake-issuer.ts'
import { startTokenKit, type TokenKit } from '../kit.ts'
import { proofClient, requestWith } from './proof-client.ts'

/** Tokens that are bound to a client certificate (RFC 8705), which a proxy reports (RFC 9440). */

const PROXY = '10.0.0.7'
const certificate = randomBytes(300)
const thumbprint = createHash('sha256').update(certificate).digest('base64url')
const bytes = (der: Buffer) => `:${der.toString('base64')}:`

let fake: FakeIssuer
let kit: TokenKit
let token = ''

before(async () => {
  fake = await startFakeIssuer()
  kit = startTokenKit(fake, ON)
  token = await fake.sign({ ...kit.claims(), cnf: { 'x5t#S256': thumbprint } })
})
after(() => fake.close())

const ON = {
  server: { trustedProxies: ['10.0.0.0/8'] },
  proofOfPossession: { clientCertificates: true, dpop: 'accept', dpopNonce: false },
}
const from = (peerAddress: string | undefined, ...rawHeaders: string[]) => requestWith([], { peerAddress, rawHeaders })
const present = (request: ReturnType<typeof from>, scheme = 'Bearer', at = kit) =>
  at.present(`${scheme} ${token}`, request)

test('the certificate that the token is bound to makes it count, and the token goes nowhere else', async () => {
  const caller = await present(from(PROXY, 'Client-Cert', bytes(certificate)))
  assert.deepEqual([caller.principal.subject, caller.isBound], ['bob-sub', true])
})

const refused: [string, ReturnType<typeof from>, RegExp][] = [
  ['no certificate', from(PROXY), /Send the request with that certificate/],
  [
    'the empty header that Caddy sends without one',
    from(PROXY, 'Client-Cert', '::'),
    /Send the request with that certificate/,
  ],
  ['another certificate', from(PROXY, 'Client-Cert', bytes(randomBytes(300))), /another client certificate/],
  [
    'the certificate from an address that is no proxy',
    from('192.0.2.1', 'Client-Cert', bytes(certificate)),
    /came without one/,
  ],
  ['the certificate from an unknown address', from(undefined, 'Client-Cert', bytes(certificate)), /came without one/],
  [
    'two certificates',
    from(PROXY, 'Client-Cert', bytes(certificate), 'client-cert', bytes(certificate)),
    /no readable/,
  ],
  ['a PEM certificate', from(PROXY, 'Client-Cert', '-----BEGIN CERTIFICATE-----'), /no readable/],
  ['a list', from(PROXY, 'Client-Cert', `${bytes(certificate)}, ${bytes(certificate)}`), /no readable/],
  [
    'a header of another name',
    from(PROXY, 'Client_Cert', bytes(certificate)),
    /Send the request with that certificate/,
  ],
]
for (const [name, request, explain] of refused) {
  test(`refuses ${name}`, async () => {
    await assert.rejects(present(request), (error) => {
      assert.ok(error instanceof Refusal)
      assert.deepEqual([error.status, error.reason], [401, 'proof-invalid'])
      assert.match(error.explain, explain)
      return true
    })
  })
}

test('refuses a token that is bound to a certificate where they are off, or in the DPoP scheme', async () => {
  const request = from(PROXY, 'Client-Cert', bytes(certificate))
  const off = startTokenKit(fake, { server: ON.server })
  await assert.rejects(present(request, 'Bearer', off), { reason: 'token-invalid' })
  await assert.rejects(present(request, 'DPoP'), { reason: 'token-invalid' })
})

test('a token with two bindings needs both proofs', async () => {
  const client = await proofClient()
  const both = await fake.sign({ ...kit.claims(), cnf: { 'x5t#S256': thumbprint, jkt: client.jkt } })
  const proved = async (...more: string[]) =>
    kit.present(
      `DPoP ${both}`,
      requestWith([], { peerAddress: PROXY, rawHeaders: [...more, 'DPoP', await client.prove(both)] }),
    )
  assert.ok(await proved('Client-Cert', bytes(certificate)))
  await assert.rejects(proved(), { reason: 'proof-invalid' })
  const withoutProof = requestWith([], { peerAddress: PROXY, rawHeaders: ['Client-Cert', bytes(certificate)] })
  await assert.rejects(kit.present(`DPoP ${both}`, withoutProof), { reason: 'proof-invalid' })
})
