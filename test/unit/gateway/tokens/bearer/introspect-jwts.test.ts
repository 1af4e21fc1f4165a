import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { machineClaims, startTokenKit, type TokenKit } from '../kit.ts'

/** `issuer.introspection: all`: a JWT is verified, and then the issuer is asked about it. */
let fake: FakeIssuer
let kit: TokenKit

const ALL = { introspection: 'all', introspectionSeconds: 20 }

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  fake.introspectionRequests.count = 0
  kit = startTokenKit(fake, { issuer: ALL })
})
after(() => fake.close())

const verify = async (token: string) => kit.verifyBearer(token, '192.0.2.1')
const answering = (change: Record<string, unknown>) => {
  fake.bent.introspection = () => ({ body: { active: true, token_type: 'Bearer', ...kit.claims(), ...change } })
}
const token = () => fake.sign(kit.claims())

test('a JWT is introspected once in issuer.introspectionSeconds, and refused within them once it is not active', async () => {
  const jwt = await token()
  answering({})
  await Promise.all(Array.from({ length: 50 }, () => verify(jwt)))
  assert.equal(fake.introspectionRequests.count, 1)
  fake.bent.introspection = () => ({ body: { active: false } }) // the user was disabled
  kit.clock.ahead = 19_000
  assert.equal((await verify(jwt)).subject, 'bob-sub')
  kit.clock.ahead = 21_000
  await assert.rejects(verify(jwt), { reason: 'token-invalid' })
})

test('the groups are those of the response, not those in the token', async () => {
  answering({ groups: ['project-beta'] })
  assert.deepEqual([...(await verify(await token())).groups], ['project-beta'])
  kit.clock.ahead = 21_000
  answering({ groups: undefined })
  assert.deepEqual([...(await verify(await token())).groups], [])
})

test('a token that anybody can invent never causes a request to the issuer', async () => {
  answering({})
  const [head, body] = (await token()).split('.')
  const invented = [
    `${head}.${body}.${Buffer.alloc(256, 7).toString('base64url')}`,
    await fake.sign({ ...kit.claims(), aud: 'airflow' }),
    await fake.sign({ ...kit.claims(), exp: 1 }),
  ]
  for (const each of invented) await assert.rejects(verify(each), { reason: 'token-invalid' })
  assert.equal(fake.introspectionRequests.count, 0)
})

test('a response about another subject is refused', async () => {
  answering({ sub: 'alice-sub', groups: ['modelops-admins'] })
  await assert.rejects(verify(await token()), { reason: 'token-invalid' })
})

test('a token is bound to every key that the token or the response names, and refused where they differ', async () => {
  const [jkt, other] = ['A'.repeat(43), 'B'.repeat(43)]
  const outcomes: [cnf: unknown, response: unknown, detail: RegExp][] = [
    [undefined, { jkt }, /DPoP/],
    [{ 'x5t#S256': jkt }, { jkt }, /DPoP/],
    [{ jkt }, { jkt: other }, /another key/],
    [{ 'x5t#S256': other }, { 'x5t#S256': jkt }, /another key/],
  ]
  for (const [cnf, response, detail] of outcomes) {
    answering({ cnf: response })
    const jwt = await fake.sign({ ...kit.claims(), ...(cnf !== undefined && { cnf }) })
    await assert.rejects(verify(jwt), { reason: 'token-invalid', message: detail })
  }
})

test('a token that the response calls one for a single route counts on no other route', async () => {
  kit = startTokenKit(fake, { issuer: { ...ALL, routeAudiences: true, audiences: ['gateway'] } })
  answering({ aud: 'https://o.example/mlflow' })
  const authorization = `Bearer ${await token()}`
  await kit.authorize(authorization, 'mlflow')
  await assert.rejects(kit.authorize(authorization, 'ops'), { reason: 'token-invalid' })
})

test('an issuer that does not respond leaves no JWT valid beyond issuer.introspectionSeconds', async () => {
  const jwt = await token()
  answering({})
  await verify(jwt)
  fake.bent.introspection = () => ({ status: 500, body: 'broken' })
  kit.clock.ahead = 21_000
  await assert.rejects(verify(jwt), { reason: 'issuer-down' })
})

test('without an introspection endpoint no JWT is accepted', async () => {
  fake.bent.metadata = { introspection_endpoint: undefined }
  kit = startTokenKit(fake, { issuer: ALL })
  await assert.rejects(verify(await token()), { reason: 'token-invalid' })
})

test('JWTs of additional issuers are verified, and not sent to this issuer', async () => {
  const jwksUrl = `${fake.url}/jwks`
  const additional = [{ url: 'https://k8s.example', audiences: ['gateway'], jwksUrl }]
  kit = startTokenKit(fake, { issuer: { ...ALL, additional } })
  fake.bent.introspection = () => ({ body: { active: false } })
  const jwt = await fake.sign({ ...kit.claims(), iss: 'https://k8s.example', typ: undefined })
  assert.equal((await verify(jwt)).subject, 'https://k8s.example#bob-sub')
  assert.equal(fake.introspectionRequests.count, 0)
})

test('Basic credentials are exchanged again within issuer.introspectionSeconds', async () => {
  kit = startTokenKit(fake, { issuer: ALL }, ['mlflow'])
  fake.tokenRequests.length = 0
  fake.bent.introspection = () => ({ body: { active: true, token_type: 'Bearer', ...machineClaims(kit) } })
  fake.bent.token = async () => ({
    body: { access_token: await fake.sign(machineClaims(kit)), token_type: 'Bearer', expires_in: 300 },
  })
  const basic = `Basic ${Buffer.from('ci-service:ci-secret').toString('base64')}`
  await kit.authorize(basic)
  kit.clock.ahead = 19_000
  await kit.authorize(basic)
  assert.equal(fake.tokenRequests.length, 1)
  kit.clock.ahead = 21_000
  fake.bent.token = () => ({ status: 401, body: { error: 'invalid_client' } })
  await assert.rejects(kit.authorize(basic), { reason: 'token-invalid' })
})
