import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { startTokenKit, type TokenKit } from '../kit.ts'

let fake: FakeIssuer
let kit: TokenKit

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  fake.introspectionRequests.count = 0
  kit = startTokenKit(fake, { issuer: { introspection: true } })
})
after(() => fake.close())

const OPAQUE = 'opaque-0123456789abcdef'
const verify = async (token = OPAQUE) => kit.verifyBearer(token, '192.0.2.1')
const active = () => ({ active: true, token_type: 'Bearer', ...kit.claims(), typ: undefined })
const answering = (change: Record<string, unknown>) => {
  fake.bent.introspection = () => ({ body: { ...active(), ...change } })
}

test('an opaque token is verified by introspection, once in half a minute', async () => {
  answering({})
  const principal = await verify()
  assert.deepEqual([principal.subject, principal.username, principal.kind], ['bob-sub', 'bob', 'person'])
  await Promise.all(Array.from({ length: 100 }, () => verify()))
  assert.equal(fake.introspectionRequests.count, 1)
  fake.bent.introspection = () => ({ body: { active: false } })
  kit.clock.ahead = 29_000
  await verify()
  kit.clock.ahead = 31_000
  await assert.rejects(verify(), { reason: 'token-invalid' })
})

test('an opaque token expires when the issuer says so', async () => {
  answering({ exp: Math.floor(Date.now() / 1000) + 10 })
  await verify()
  kit.clock.ahead = 11_000
  await assert.rejects(verify(), { reason: 'token-invalid' })
})

test('introspection tells machines from people, and uses username where there is no preferred_username', async () => {
  answering({
    sid: undefined,
    sub: 'ci',
    client_id: 'ci',
    azp: undefined,
    preferred_username: undefined,
    username: 'ci-name',
  })
  const { kind, clientId, username } = await verify()
  assert.deepEqual([kind, clientId, username], ['machine', 'ci', 'ci-name'])
})

test('a token without a subject belongs to its client', async () => {
  answering({ sid: undefined, azp: undefined, sub: undefined, client_id: 'ci', preferred_username: undefined })
  const { kind, subject } = await verify()
  assert.deepEqual([kind, subject], ['machine', 'ci'])
})

const refused: [string, Record<string, unknown>][] = [
  ['inactive', { active: false }],
  ['of another issuer', { iss: 'https://elsewhere.example' }],
  ['for another audience', { aud: 'airflow' }],
  ['without audience, of another client', { aud: undefined, client_id: 'cli' }],
  ['a refresh token', { token_type: undefined }],
  ['a refresh token by Keycloak’s mark', { typ: 'Refresh' }],
  ['expired', { exp: 1 }],
  ['bound to a key that the response does not name', { token_type: 'DPoP' }],
  ['the same, marked as an access token', { token_type: 'DPoP', typ: 'Bearer' }],
  ['without subject', { sub: undefined }],
  ['for nobody, and of no client', { aud: [], client_id: undefined }],
  ['without audience and client', { aud: undefined, client_id: undefined }],
  ['with an end that is a text', { exp: 'tomorrow' }],
  ['with an end that is null', { exp: null }],
  ['with a beginning that is a text', { nbf: 'yesterday' }],
  ['with a beginning that is a list', { nbf: [1] }],
  ['of no kind', { typ: undefined, token_type: 'N_A' }],
]
for (const [name, change] of refused) {
  test(`refuses an opaque token that is ${name}, and remembers it`, async () => {
    answering(change)
    await assert.rejects(verify(), { reason: 'token-invalid' })
    await assert.rejects(verify(), { reason: 'token-invalid' })
    assert.equal(fake.introspectionRequests.count, 1)
  })
}

test('a token without audience is accepted from a client that is an audience itself', async () => {
  answering({ aud: undefined, client_id: 'gateway' })
  assert.equal((await verify()).subject, 'bob-sub')
})

test('a response says of a bound token which key it is bound to, and a wrong one is no token', async () => {
  const jkt = 'a'.repeat(43)
  kit = startTokenKit(fake, { issuer: { introspection: true }, proofOfPossession: { dpop: 'accept' } })
  answering({ token_type: 'DPoP', cnf: { jkt } })
  await assert.rejects(verify(), { reason: 'token-invalid', message: /bearer token/ })
  answering({ cnf: { jkt: 'short' } })
  await assert.rejects(verify('another-opaque-token'), { reason: 'token-invalid', message: /^introspection: cnf/ })
})

test('a token is expired in the very millisecond that the response names', async () => {
  const exp = Math.floor(Date.now() / 1000) + 100
  answering({ exp })
  kit.clock.ahead = exp * 1000 - Date.now() + 1
  await assert.rejects(verify(), { reason: 'token-invalid', message: 'introspection: expired' })
})

test('the audience is checked before anything else is done with a response', async () => {
  answering({ aud: ['airflow', 'other'] })
  await assert.rejects(verify(), { reason: 'token-invalid', message: 'introspection: another audience' })
  answering({ aud: ['airflow', 'gateway'] })
  assert.equal((await verify('another-opaque-token')).subject, 'bob-sub')
})

test('a response without an end or an issuer is used as long as the configuration says', async () => {
  answering({ exp: undefined, iss: undefined })
  assert.equal((await verify()).issuer, fake.url)
  await verify()
  assert.equal(fake.introspectionRequests.count, 1)
})

test('a good JWT is not sent to the introspection endpoint either', async () => {
  answering({})
  assert.equal((await verify(await fake.sign(kit.claims()))).subject, 'bob-sub')
  assert.equal(fake.introspectionRequests.count, 0)
})

test('JWTs and JWEs are never sent to the introspection endpoint', async () => {
  answering({})
  await assert.rejects(verify(await fake.sign({ ...kit.claims(), aud: 'airflow' })), { reason: 'token-invalid' })
  await assert.rejects(verify('eyJlbmMiOiJBMjU2R0NNIn0..AA.AA.AA'), { reason: 'token-invalid' })
  assert.equal(fake.introspectionRequests.count, 0)
})

test('an issuer that does not respond says nothing about the token', async () => {
  for (const status of [500, 429, 404]) {
    fake.bent.introspection = () => ({ status, body: 'broken' })
    await assert.rejects(verify(), { reason: 'issuer-down' })
  }
  answering({})
  assert.equal((await verify()).subject, 'bob-sub')
})

test('without issuer.introspection, or an endpoint for it, opaque tokens are refused', async () => {
  answering({})
  kit = startTokenKit(fake)
  await assert.rejects(verify(), { reason: 'token-invalid' })
  fake.bent.metadata = { introspection_endpoint: undefined }
  kit = startTokenKit(fake, { issuer: { introspection: true } })
  await assert.rejects(verify(), { reason: 'token-invalid' })
  assert.equal(fake.introspectionRequests.count, 0)
})

test('issuer.introspectionSeconds is how long a response is used', async () => {
  kit = startTokenKit(fake, { issuer: { introspection: true, introspectionSeconds: 5 } })
  answering({})
  await verify()
  kit.clock.ahead = 4000
  await verify()
  assert.equal(fake.introspectionRequests.count, 1)
  kit.clock.ahead = 6000
  await verify()
  assert.equal(fake.introspectionRequests.count, 2)
})
