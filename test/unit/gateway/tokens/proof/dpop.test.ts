import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { part, startTokenKit, type TokenKit } from '../kit.ts'
import { type ProofClient, proofClient, requestWith } from './proof-client.ts'

/** Tokens that are bound to a key of their client (RFC 9449), in every wrong way. */

let fake: FakeIssuer
let kit: TokenKit
let alice: ProofClient
let mallory: ProofClient
let token = ''

const ACCEPT = { proofOfPossession: { dpop: 'accept', dpopNonce: false } }

before(async () => {
  fake = await startFakeIssuer()
  ;[alice, mallory] = await Promise.all([proofClient(), proofClient()])
})
beforeEach(async () => {
  fake.bent = unbent()
  kit = startTokenKit(fake, ACCEPT)
  token = await bound()
})
after(() => fake.close())

const bound = (claims: Record<string, unknown> = {}) =>
  fake.sign({ ...kit.claims(), typ: 'DPoP', cnf: { jkt: alice.jkt }, ...claims })

async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => assert.fail('accepted'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Refusal, String(error))
  return error
}

test('a proof of the key makes a bound token count, in any case of the scheme, and the token goes nowhere else', async () => {
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
    const caller = await kit.present(`${scheme} ${token}`, requestWith(await alice.prove(token)))
    assert.deepEqual([caller.principal.subject, caller.isBound], ['bob-sub', true])
  }
})

test('accepts the confirmation as Keycloak writes it, with the purpose of the key', async () => {
  const own = await bound({ cnf: { jkt: alice.jkt, 'kc-jkt-type': 'DPoP' } })
  assert.ok(await kit.present(`DPoP ${own}`, requestWith(await alice.prove(own))))
  for (const cnf of [{ jkt: alice.jkt, 'kc-jkt-type': 'attestation' }, { 'kc-jkt-type': 'DPoP' }]) {
    const other = await bound({ cnf })
    const error = await refusal(kit.present(`DPoP ${other}`, requestWith(await alice.prove(other))))
    assert.equal(error.reason, 'token-invalid')
  }
})

for (const alg of ['ES384', 'ES512', 'PS256', 'RS256', 'Ed25519', 'EdDSA']) {
  test(`accepts proofs of ${alg}`, async () => {
    const client = await proofClient(alg)
    const own = await fake.sign({ ...kit.claims(), cnf: { jkt: client.jkt } })
    assert.ok(await kit.present(`DPoP ${own}`, requestWith(await client.prove(own))))
  })
}

test('the URL is compared after normalization, and without query and fragment', async () => {
  for (const htu of [
    'https://o.example/mlflow/',
    'HTTPS://O.Example/mlflow/',
    'https://o.example:443/mlflow/?a=b#c',
    'https://o.example/%6Dlflow/',
    'https://o.example/x/../mlflow/',
  ]) {
    const request = requestWith(await alice.prove(token, { htu }), { target: '/mlflow/?page=2' })
    assert.ok(await kit.present(`DPoP ${token}`, request), htu)
  }
})

const secret = () => randomBytes(32).toString('base64')
const seconds = () => Math.floor(Date.now() / 1000)
type Claims = Record<string, unknown>
const wrongProofs: [string, () => Promise<string | string[]>, RegExp][] = [
  ['no proof', async () => [], /no DPoP header/],
  ['two proofs', async () => [await alice.prove(token), await alice.prove(token)], /several DPoP headers/],
  [
    'two proofs in one header',
    async () => `${await alice.prove(token)}, ${await alice.prove(token)}`,
    /not a signed JWT/,
  ],
  ['no JWT', async () => 'x', /not a signed JWT/],
  ['a proof of 9000 characters', async () => 'a'.repeat(9000), /too long/],
  ['the key of somebody else', () => mallory.prove(token), /another key/],
  [
    'the right key in the header, the signature of another',
    () => mallory.prove(token, {}, { jwk: alice.jwk }),
    /signature/,
  ],
  ['a changed claim', async () => swapClaims(await alice.prove(token)), /signature/],
  ['no key', () => alice.prove(token, {}, { jwk: undefined }), /no public key/],
  ['a private key', () => alice.prove(token, {}, { jwk: alice.privateJwk }), /contains a private key/],
  ['a symmetric key', () => alice.prove(token, {}, { jwk: { kty: 'oct', k: 'c2VjcmV0' } }), /private key/],
  [
    'a key of an unknown type',
    () => alice.prove(token, {}, { jwk: { ...alice.jwk, kty: 'AKP' } }),
    /no usable public key/,
  ],
  ['a key that is a text', () => alice.prove(token, {}, { jwk: 'x' }), /no public key/],
  [
    'a huge RSA key',
    () => alice.prove(token, {}, { jwk: { kty: 'RSA', e: 'AQAB', n: 'A'.repeat(3000) } }),
    /too large/,
  ],
  [
    'a huge exponent',
    () => alice.prove(token, {}, { jwk: { kty: 'RSA', e: 'A'.repeat(400), n: 'A'.repeat(400) } }),
    /too large/,
  ],
  ['alg none', async () => unsigned({ alg: 'none' }), /algorithm is not accepted/],
  ['alg HS256', async () => unsigned({ alg: 'HS256' }), /algorithm is not accepted/],
  ['no typ', () => alice.prove(token, {}, { typ: undefined }), /typ header must be dpop\+jwt/],
  ['the typ of an access token', () => alice.prove(token, {}, { typ: 'at+jwt' }), /typ header must be dpop\+jwt/],
  ['a critical header', async () => unsigned({ alg: 'ES256', crit: ['x'], x: 1 }), /not a signed JWT/],
  ['the method of another request', () => alice.prove(token, { htm: 'POST' }), /htm is POST, expected GET/],
  ['the method in another case', () => alice.prove(token, { htm: 'get' }), /htm is get, expected GET/],
  ['no method', () => alice.prove(token, { htm: undefined }), /htm is missing/],
  [
    'another path',
    () => alice.prove(token, { htu: 'https://o.example/ops/' }),
    /htu is https:\/\/o.example\/ops\/, expected https:\/\/o.example\/mlflow\//,
  ],
  ['another host', () => alice.prove(token, { htu: 'https://evil.example/mlflow/' }), /htu is/],
  ['another port', () => alice.prove(token, { htu: 'https://o.example:8443/mlflow/' }), /htu is/],
  ['plain http', () => alice.prove(token, { htu: 'http://o.example/mlflow/' }), /htu is/],
  ['a path in another case', () => alice.prove(token, { htu: 'https://o.example/MLflow/' }), /htu is/],
  ['a user name in the URL', () => alice.prove(token, { htu: 'https://o.example@evil.example/mlflow/' }), /htu is/],
  ['an encoded slash', () => alice.prove(token, { htu: 'https://o.example/mlflow%2F' }), /htu is/],
  ['no URL', () => alice.prove(token, { htu: undefined }), /htu is missing/],
  ['a URL that is a list', () => alice.prove(token, { htu: ['https://o.example/mlflow/'] }), /htu is missing/],
  ['another token', () => alice.prove('another-token'), /ath does not match/],
  ['no hash of the token', () => alice.prove(token, { ath: undefined }), /ath does not match/],
  [
    'a clock that is 5 minutes behind',
    () => alice.prove(token, { iat: seconds() - 300 }),
    /created 30\d s in the past.*synchronize the clock/,
  ],
  [
    'a clock that is 5 minutes ahead',
    () => alice.prove(token, { iat: seconds() + 300 }),
    /created (29\d|300) s in the future.*synchronize the clock/,
  ],
  ['no time', () => alice.prove(token, { iat: undefined }), /iat is missing/],
  ['a time that is a text', () => alice.prove(token, { iat: String(seconds()) } as Claims), /iat is missing/],
  ['a time beyond numbers', () => alice.prove(token, { iat: -1e300 }), /in the past/],
  ['no jti', () => alice.prove(token, { jti: undefined }), /jti is missing/],
  ['an empty jti', () => alice.prove(token, { jti: '' }), /jti is missing/],
  ['a jti of 600 characters', () => alice.prove(token, { jti: 'j'.repeat(600) }), /jti is missing/],
]

for (const [name, make, explain] of wrongProofs) {
  test(`refuses ${name}: 401 with the error, and nothing is claimed or logged`, async () => {
    const proofs = await make()
    const error = await refusal(kit.present(`DPoP ${token}`, requestWith(proofs)))
    assert.deepEqual([error.status, error.reason], [401, 'proof-invalid'])
    assert.equal(error.headers['WWW-Authenticate'], 'DPoP error="invalid_dpop_proof"')
    assert.match(error.explain, explain)
    assert.deepEqual(kit.claimed, [])
    const written = JSON.stringify([kit.logged, error.message, error.explain])
    for (const proof of [proofs].flat())
      for (const piece of proof.split('.')) assert.ok(piece.length < 12 || !written.includes(piece))
    // What was refused leaves nothing behind: the right proof still counts.
    assert.ok(await kit.present(`DPoP ${token}`, requestWith(await alice.prove(token))))
  })
}

const unsigned = (header: Claims) => `${part({ typ: 'dpop+jwt', jwk: alice.jwk, ...header })}.${part({ jti: 'x' })}.AA`

function swapClaims(proof: string): string {
  const [header, claims = '', signature] = proof.split('.')
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), jti: 'another' }
  return `${header}.${part(changed)}.${signature}`
}

test('a proof counts once, and is remembered until every replica refuses it for its age', async () => {
  const proof = await alice.prove(token)
  await kit.present(`DPoP ${token}`, requestWith(proof))
  const error = await refusal(kit.present(`DPoP ${token}`, requestWith(proof)))
  assert.equal(error.reason, 'proof-invalid')
  assert.match(error.explain, /used before.*new proof for each request/)
  // 60 s of age, and twice the tolerated difference of clocks
  assert.ok(
    kit.claimed.every(([, ttl]) => ttl >= 180 && ttl <= 182),
    JSON.stringify(kit.claimed),
  )
})

test('the same jti of two clients is two proofs', async () => {
  const other = await bound({ cnf: { jkt: mallory.jkt } })
  await kit.present(`DPoP ${token}`, requestWith(await alice.prove(token, { jti: 'one' })))
  await kit.present(`DPoP ${other}`, requestWith(await mallory.prove(other, { jti: 'one' })))
})

test('of a hundred uses of one proof at a time, one counts', async () => {
  const proof = await alice.prove(token)
  const uses = Array.from({ length: 100 }, () => kit.present(`DPoP ${token}`, requestWith(proof)))
  const settled = await Promise.allSettled(uses)
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('a bound token as a bearer token is refused, with or without a proof beside it', async () => {
  for (const proofs of [[], [await alice.prove(token)]]) {
    const error = await refusal(kit.present(`Bearer ${token}`, requestWith(proofs)))
    assert.deepEqual([error.status, error.reason], [401, 'token-invalid'])
    assert.equal(error.headers['WWW-Authenticate'], 'DPoP error="invalid_token"')
    assert.match(error.explain, /Authorization: DPoP/)
  }
})

test('a bearer token in the DPoP scheme is refused, although the proof is good', async () => {
  const plain = await fake.sign(kit.claims())
  const error = await refusal(kit.present(`DPoP ${plain}`, requestWith(await alice.prove(plain))))
  assert.deepEqual([error.reason, error.headers['WWW-Authenticate']], ['token-invalid', 'DPoP error="invalid_token"'])
})

test('while DPoP is off, bound tokens and the scheme are refused', async () => {
  kit = startTokenKit(fake)
  for (const scheme of ['DPoP', 'Bearer']) {
    const error = await refusal(kit.present(`${scheme} ${token}`, requestWith(await alice.prove(token))))
    assert.deepEqual([error.status, error.reason], [401, 'token-invalid'])
    assert.match(String(error.headers['WWW-Authenticate']), /^Bearer/)
  }
})

test('where DPoP is required, bearer tokens are refused', async () => {
  kit = startTokenKit(fake, { proofOfPossession: { dpop: 'require', dpopNonce: false } })
  const plain = await fake.sign(kit.claims())
  const error = await refusal(kit.present(`Bearer ${plain}`, requestWith([])))
  assert.deepEqual([error.reason, error.headers['WWW-Authenticate']], ['token-invalid', 'DPoP error="invalid_token"'])
  assert.ok(await kit.present(`DPoP ${token}`, requestWith(await alice.prove(token))))
})

test('a bound token without a request to prove is refused', async () => {
  assert.equal((await refusal(kit.authorize(`DPoP ${token}`))).reason, 'token-invalid')
})

test('a request that is authorized again needs no second proof, and its token must still be good', async () => {
  const request = requestWith(await alice.prove(token))
  await kit.present(`DPoP ${token}`, request)
  assert.ok(await kit.present(`DPoP ${token}`, request, { isReauthorization: true }))
  kit.clock.ahead = 3_600_000
  assert.equal(
    (await refusal(kit.present(`DPoP ${token}`, request, { isReauthorization: true }))).reason,
    'token-invalid',
  )
})

test('a nonce of the gateway is required, handed out, renewed in the response, and the same on every replica', async () => {
  const secrets = [secret(), secret()]
  const over = { proofOfPossession: { dpop: 'accept' }, session: { secrets } }
  kit = startTokenKit(fake, over)
  const first = await refusal(kit.present(`DPoP ${token}`, requestWith(await alice.prove(token))))
  assert.deepEqual([first.status, first.reason], [401, 'proof-nonce-required'])
  assert.equal(first.headers['WWW-Authenticate'], 'DPoP error="use_dpop_nonce"')
  assert.deepEqual(kit.claimed, [])
  const nonce = first.headers['DPoP-Nonce']
  const request = requestWith(await alice.prove(token, { nonce }))
  await kit.present(`DPoP ${token}`, request)
  const replica = startTokenKit(fake, over)
  await replica.present(`DPoP ${token}`, requestWith(await alice.prove(token, { nonce })))

  // In the next period the client learns of the next nonce, and in the one after that the first is refused.
  replica.clock.ahead = 300_000
  const ahead = async () => alice.prove(token, { nonce, iat: seconds() + replica.clock.ahead / 1000 })
  token = await bound({ exp: seconds() + 3600 })
  const later = requestWith(await ahead())
  await replica.present(`DPoP ${token}`, later)
  assert.equal(later.responseHeaders[0], 'DPoP-Nonce')
  assert.notEqual(later.responseHeaders[1], nonce)
  replica.clock.ahead = 600_000
  assert.equal(
    (await refusal(replica.present(`DPoP ${token}`, requestWith(await ahead())))).reason,
    'proof-nonce-required',
  )

  // After the first secret was replaced, its nonces count while it is listed.
  const rotated = startTokenKit(fake, { ...over, session: { secrets: [secret(), ...secrets] } })
  await rotated.present(`DPoP ${token}`, requestWith(await alice.prove(token, { nonce })))
})

test('a nonce that the gateway did not make is refused', async () => {
  kit = startTokenKit(fake, { proofOfPossession: { dpop: 'accept' } })
  const period = Math.floor(Date.now() / 300_000).toString(36)
  for (const nonce of ['x', '', `${period}.${'A'.repeat(22)}`, `${period}.`, 7, null]) {
    const error = await refusal(kit.present(`DPoP ${token}`, requestWith(await alice.prove(token, { nonce }))))
    assert.equal(error.reason, 'proof-nonce-required')
  }
})

test('an opaque token that is bound to a key counts with its proof only', async () => {
  kit = startTokenKit(fake, { ...ACCEPT, issuer: { introspection: true } })
  const opaque = 'opaque-0123456789abcdef'
  const answer = { active: true, token_type: 'DPoP', ...kit.claims(), typ: undefined, cnf: { jkt: alice.jkt } }
  fake.bent.introspection = () => ({ body: answer })
  assert.ok(await kit.present(`DPoP ${opaque}`, requestWith(await alice.prove(opaque))))
  assert.equal((await refusal(kit.present(`Bearer ${opaque}`, requestWith([])))).reason, 'token-invalid')
  const wrong = await refusal(kit.present(`DPoP ${opaque}`, requestWith(await mallory.prove(opaque))))
  assert.equal(wrong.reason, 'proof-invalid')
})

for (const [name, change] of [
  ['an unknown confirmation', { token_type: 'Bearer', cnf: { jwe: 'x' } }],
  ['the type DPoP without a key', { token_type: 'DPoP', cnf: undefined }],
  ['a confirmation that is a text', { token_type: 'Bearer', cnf: 'x' }],
] as const) {
  test(`an introspection response with ${name} is refused`, async () => {
    kit = startTokenKit(fake, { ...ACCEPT, issuer: { introspection: true } })
    fake.bent.introspection = () => ({ body: { active: true, ...kit.claims(), typ: undefined, ...change } })
    assert.equal((await refusal(kit.present('Bearer opaque-0123456789', requestWith([])))).reason, 'token-invalid')
  })
}

test('a token that the issuer gives for Basic credentials and that is bound to a key is refused', async () => {
  kit = startTokenKit(fake, ACCEPT, ['mlflow'])
  const { sid, ...claims } = kit.claims()
  const own = { ...claims, azp: 'ci', sub: 'ci', cnf: { jkt: alice.jkt } }
  fake.bent.token = async () => ({
    body: { access_token: await fake.sign(own), token_type: 'Bearer', expires_in: 300 },
  })
  const error = await refusal(kit.present(`Basic ${btoa('ci:secret')}`, requestWith([])))
  assert.deepEqual(
    [error.reason, error.message],
    ['token-invalid', 'Basic credentials: the issuer’s token is bound to a key'],
  )
})
