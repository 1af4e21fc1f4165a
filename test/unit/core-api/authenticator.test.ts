import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  ADMIN,
  ALICE,
  ALPHA,
  BETA,
  BOB,
  type CoreUnderTest,
  GATEWAY,
  ISSUER,
  type Person,
  SERVICE,
  type Signer,
  startCoreUnderTest,
  startSigner,
} from '../../core/kit.ts'

let signer: Signer
let core: CoreUnderTest
before(async () => {
  signer = await startSigner()
  core = await startCoreUnderTest(signer, 'sqlite::memory:')
})
after(async () => {
  await core.close()
  await signer.close()
})

const now = () => Math.floor(Date.now() / 1000)
const PATH = '/api/datasetConnections'
const ask = (headers: Record<string, string>, path = '/api/projects') => core.anonymous.get(path).set(headers)

test('without credentials every request is denied, whatever identity headers it has', async () => {
  const forged = { 'X-Forwarded-User': 'carol', 'X-Forwarded-Groups': 'modelops-admins', 'AOA-Project-ID': ALPHA }
  const response = await ask(forged)
  assert.deepEqual([response.status, response.body.reason], [401, 'login-required'])
  assert.equal(response.headers['www-authenticate'], 'Bearer')
})

test('public endpoints need no credentials', async () => {
  for (const path of ['/admin/info', '/healthz', '/readyz', '/openapi.json'])
    assert.equal((await core.anonymous.get(path)).status, 200, path)
})

const base = () => ({
  iss: ISSUER,
  aud: 'modelops',
  typ: 'Bearer',
  sub: 'sub-carol',
  groups: ['modelops-admins'],
  iat: now(),
  exp: now() + 60,
})
const hostile: [string, () => Promise<string>][] = [
  ['signed by somebody else', () => signer.sign(base(), 'stranger')],
  ['of another issuer', () => signer.sign({ ...base(), iss: 'https://evil.example' })],
  ['for another audience', () => signer.sign({ ...base(), aud: 'another-api' })],
  ['without an audience', () => signer.sign({ ...base(), aud: undefined })],
  ['expired', () => signer.sign({ ...base(), iat: now() - 900, exp: now() - 300 })],
  ['not yet valid', () => signer.sign({ ...base(), nbf: now() + 300 })],
  ['without an expiry', () => signer.sign({ ...base(), exp: undefined })],
  ['without a subject', () => signer.sign({ ...base(), sub: undefined })],
  ['with an empty subject', () => signer.sign({ ...base(), sub: '' })],
  ['an ID token', () => signer.sign({ ...base(), nonce: 'n' })],
  ['an ID token of Keycloak', () => signer.sign({ ...base(), typ: 'ID' })],
  ['an ID token without a mark', () => signer.sign({ ...base(), typ: undefined })],
  ['an ID token by its at_hash', () => signer.sign({ ...base(), at_hash: 'h' })],
  ['an ID token by its c_hash', () => signer.sign({ ...base(), c_hash: 'h' })],
  ['bound to a key', () => signer.sign({ ...base(), cnf: { jkt: 'A'.repeat(43) } })],
  ['bound to a key, as Keycloak marks it', () => signer.sign({ ...base(), typ: 'DPoP', cnf: { jkt: 'A'.repeat(43) } })],
  ['bound to a certificate', () => signer.sign({ ...base(), cnf: { 'x5t#S256': 'A'.repeat(43) } })],
  ['with a confirmation that is null', () => signer.sign({ ...base(), cnf: null })],
  ['a refresh token of Keycloak', () => signer.sign({ ...base(), typ: 'Refresh' })],
  ['a logout token by its header', () => signer.sign({ ...base(), typ: undefined }, 'us', { typ: 'logout+jwt' })],
  ['from the future', () => signer.sign({ ...base(), iat: now() + 600 })],
  ['that never expires', () => signer.sign({ ...base(), exp: 1e15 })],
  ['with a subject of two lines', () => signer.sign({ ...base(), sub: 'sub\ncarol' })],
  ['with a subject of 256 characters', () => signer.sign({ ...base(), sub: 's'.repeat(256) })],
  ['with a member that is named twice', () => withHeader('{"alg":"ES256","alg":"ES256","kid":"k1"}')],
  ['with a critical header', () => withHeader('{"alg":"ES256","kid":"k1","crit":["x"],"x":1}')],
  ['a logout token', () => signer.sign({ ...base(), events: {} })],
  ['of another type', () => signer.sign(base(), 'us', { typ: 'logout+jwt' })],
  ['an assertion as bearer', () => core.assertion(ADMIN)],
  ['with the groups as one string', () => signer.sign({ ...base(), groups: 'modelops-admins' })],
  ['unsigned', async () => `${part({ alg: 'none', typ: 'JWT' })}.${part(base())}.`],
  ['cut short', async () => (await signer.sign(base())).slice(0, -4)],
  ['too long', async () => 'a'.repeat(15_000)],
]
/** A token whose header was replaced by this text. */
async function withHeader(text: string): Promise<string> {
  const [, claims, signature] = (await signer.sign(base())).split('.')
  return `${Buffer.from(text).toString('base64url')}.${claims}.${signature}`
}
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

for (const [what, make] of hostile)
  test(`a bearer token is rejected: ${what}`, async () => {
    const response = await ask({ Authorization: `Bearer ${await make()}` })
    assert.deepEqual([response.status, response.body.reason], [401, 'token-invalid'])
    assert.match(String(response.headers['www-authenticate']), /invalid_token/)
  })

test('a valid bearer token is accepted, also with the type of RFC 9068', async () => {
  for (const [claims, typ] of [
    [base(), 'JWT'],
    [{ ...base(), typ: undefined }, 'at+jwt'],
    [{ ...base(), typ: undefined }, 'application/at+JWT'],
  ] as const) {
    const token = await signer.sign(claims, 'us', { typ })
    assert.equal((await ask({ Authorization: `Bearer ${token}` })).body.page.totalElements, 2)
  }
})

const assertionAttacks: [string, () => Promise<string>][] = [
  ['for another route', () => core.assertion(ADMIN, undefined, { aud: 'mlflow' })],
  ['of another gateway', () => core.assertion(ADMIN, undefined, { iss: 'https://evil.example' })],
  ['expired', () => core.assertion(ADMIN, undefined, { iat: now() - 900, exp: now() - 300 })],
  ['with a role that does not exist', () => core.assertion(ADMIN, undefined, { role: 'root' })],
  ['with a project in upper case', () => core.assertion(ADMIN, 'AAAAAAAA-1111-4111-8111-111111111111')],
  ['a bearer token as assertion', () => core.bearer(ADMIN)],
  ['twice in one header', async () => `${await core.assertion(ADMIN)}, ${await core.assertion(ALICE)}`],
]
for (const [what, make] of assertionAttacks)
  test(`an assertion is rejected: ${what}, also next to a valid bearer token`, async () => {
    const response = await ask({
      'X-Gateway-Assertion': await make(),
      Authorization: `Bearer ${await core.bearer(ADMIN)}`,
    })
    assert.deepEqual([response.status, response.body.reason], [401, 'token-invalid'])
  })

test('the assertion counts, not the token that the gateway passes along', async () => {
  const headers = {
    'X-Gateway-Assertion': await core.assertion(ALICE, ALPHA),
    Authorization: `Bearer ${await core.bearer(ADMIN)}`,
  }
  assert.equal((await ask(headers)).body.page.totalElements, 1)
})

test('the project of the assertion applies without a header, and a request cannot name another', async () => {
  const assertion = { 'X-Gateway-Assertion': await core.assertion(BOB, ALPHA) }
  assert.equal((await ask(assertion, PATH)).status, 200)
  assert.equal((await ask({ ...assertion, 'AOA-Project-ID': ALPHA }, PATH)).status, 200)
  for (const response of [
    await ask({ ...assertion, 'AOA-Project-ID': BETA }, PATH),
    await ask(assertion, `${PATH}?projectId=${BETA}`),
    await ask({ 'X-Gateway-Assertion': await core.assertion(BOB), 'AOA-Project-ID': BETA }, PATH),
  ])
    assert.deepEqual([response.status, response.body.reason], [403, 'not-in-project'])
})

test('membership is checked again: a project of the assertion that the groups do not give is denied', async () => {
  const response = await ask({ 'X-Gateway-Assertion': await core.assertion(ALICE, BETA) }, PATH)
  assert.equal(response.body.reason, 'not-in-project')
})

test('a role is checked again, in both directions', async () => {
  const createProject = async (person: Person, claims: object) =>
    (
      await core.anonymous
        .post('/api/projects')
        .set('X-Gateway-Assertion', await core.assertion(person, undefined, { ...claims }))
        .send({ name: `by ${person.sub} ${JSON.stringify(claims)}` })
    ).status
  assert.equal(await createProject(ADMIN, { role: 'admin' }), 201)
  assert.equal(await createProject(ADMIN, { role: 'user' }), 403)
  assert.equal(await createProject(ALICE, { role: 'admin' }), 403)
  assert.equal(await createProject(SERVICE, { role: 'admin' }), 201)
  const asViewer = { 'X-Gateway-Assertion': await core.assertion(ALICE, ALPHA, { role: 'viewer' }) }
  const write = await core.anonymous.post(`${PATH}/validate`).set(asViewer).send({ name: 'x' })
  assert.equal(write.body.reason, 'viewer-read-only')
})

test('if the gateway left groups out, its decision counts', async () => {
  const crowded = (role: string) =>
    core.assertion({ sub: 'sub-max', groups: [] }, ALPHA, { role, groups_truncated: true })
  const headers = { 'X-Gateway-Assertion': await crowded('editor') }
  assert.equal((await ask(headers, PATH)).status, 200)
  const viewer = { 'X-Gateway-Assertion': await crowded('viewer') }
  assert.equal((await core.anonymous.post(`${PATH}/validate`).set(viewer).send({})).body.reason, 'viewer-read-only')
  const none = { 'X-Gateway-Assertion': await crowded('user') }
  assert.equal((await ask(none, PATH)).body.reason, 'not-in-project')
})

test('if a rule of the gateway made the caller a member, its decision counts for the project that it decided on', async () => {
  const workload = { sub: 'https://token.actions.example#repo:acme/train', groups: [] }
  const granted = async (role: string, project: string | undefined = ALPHA, groups: string[] = []) => ({
    'X-Gateway-Assertion': await core.assertion({ ...workload, groups }, project, { role, granted: true }),
  })
  const write = async (headers: Record<string, string>) =>
    (await core.anonymous.post(`${PATH}/validate`).set(headers).send({ name: 'x' })).body.reason
  assert.equal((await ask(await granted('editor'), PATH)).status, 200)
  assert.notEqual(await write(await granted('editor')), 'viewer-read-only')
  assert.equal(await write(await granted('viewer')), 'viewer-read-only')
  const elsewhere = { ...(await granted('editor')), 'AOA-Project-ID': BETA }
  assert.equal((await ask(elsewhere, PATH)).body.reason, 'not-in-project')
  for (const role of ['user', 'anonymous', 'admin'])
    assert.equal((await ask(await granted(role), PATH)).body.reason, 'not-in-project', role)
  assert.equal(
    (
      await core.anonymous
        .post('/api/projects')
        .set(await granted('admin'))
        .send({ name: 'x' })
    ).status,
    403,
  )
  // Without the mark nothing but groups makes a member.
  const unmarked = { 'X-Gateway-Assertion': await core.assertion(workload, ALPHA, { role: 'editor' }) }
  assert.equal((await ask(unmarked, PATH)).body.reason, 'not-in-project')
})

test('a person who is named like a service user is not a service user', async () => {
  for (const claims of [
    { sub: 'sub-x', preferred_username: 'ci', client_id: 'web' },
    { sub: 'sub-x', preferred_username: 'service-account-ci', azp: 'ci', sid: 's' },
    { sub: 'sub-x', preferred_username: 'service-account-ci', client_id: 'ci', sid: 's' },
    { sub: 'ci', client_id: 'ci', sid: 's' },
    { sub: 'ci', client_id: 'ci', session_state: 's' },
    { sub: 'ci', client_id: 'ci', auth_time: 1 },
    { sub: 'ci', client_id: 'ci', amr: ['pwd'] },
    { sub: 'ci', client_id: 'ci', act: { sub: 'x' } },
    { sub: 'ci', client_id: 'ci', azp: 'web' },
    { sub: 'ci', preferred_username: 'service-account-ci', client_id: 'web', azp: 'ci' },
    { sub: 'ci' },
    { sub: 'sub-x', preferred_username: 'x', client_id: 'ci' },
    { sub: 'sub-x', azp: 'ci' },
  ]) {
    const token = await core.bearer(SERVICE, { client_id: undefined, ...claims })
    assert.equal((await ask({ Authorization: `Bearer ${token}` }, '/api/directory')).body.reason, 'service-only')
  }
  for (const machine of [
    { sub: 'b0c1', client_id: 'ci', preferred_username: 'service-account-ci' },
    { sub: 'b0c1', azp: 'ci', client_id: undefined, preferred_username: 'service-account-ci' },
    { sub: 'ci', client_id: 'ci', azp: 'ci', preferred_username: undefined },
  ]) {
    const token = await core.bearer(SERVICE, machine)
    assert.equal((await ask({ Authorization: `Bearer ${token}` }, '/api/directory')).status, 200)
  }
})

test('keys that cannot be fetched cause 503, not 401', async () => {
  const down = await startCoreUnderTest({ ...signer, jwksUrl: 'http://127.0.0.1:1/jwks.json' }, 'sqlite::memory:')
  for (const headers of [
    { Authorization: `Bearer ${await down.bearer(ALICE)}` },
    { 'X-Gateway-Assertion': await down.assertion(ALICE) },
  ]) {
    const response = await down.anonymous.get('/api/projects').set(headers)
    assert.deepEqual([response.status, response.body.reason], [503, 'issuer-down'])
  }
  await down.close()
})

test('many tokens with unknown keys fetch the keys once', async () => {
  const before = signer.fetched()
  for (let count = 0; count < 30; count++) {
    const token = await signer.sign(base(), 'us', { kid: `unknown-${count}` })
    assert.equal((await ask({ Authorization: `Bearer ${token}` })).status, 401)
  }
  assert.ok(signer.fetched() - before <= 1)
})

test('assertions and access tokens are rejected if their source is not configured', async () => {
  assert.equal(GATEWAY.startsWith('https'), true)
  const config = core.deps.config
  const { Authenticator } = await import('../../../src/core-api/auth/authenticator.ts')
  const onlyIssuer = new Authenticator({ ...config, gateway: undefined }, Date.now)
  const onlyGateway = new Authenticator({ ...config, issuer: undefined }, Date.now)
  const bearer = { headersDistinct: { authorization: [`Bearer ${await core.bearer(ALICE)}`] } }
  const assertion = { headersDistinct: { 'x-gateway-assertion': [await core.assertion(ALICE)] } }
  assert.equal((await onlyIssuer.authenticate(bearer)).subject, 'sub-alice')
  assert.equal((await onlyGateway.authenticate(assertion)).subject, 'sub-alice')
  await assert.rejects(onlyIssuer.authenticate(assertion), { reason: 'token-invalid' })
  await assert.rejects(onlyGateway.authenticate(bearer), { reason: 'token-invalid' })
})
