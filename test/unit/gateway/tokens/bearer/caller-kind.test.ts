import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { isAdmin } from '../../../../../src/gateway/policy/roles.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { machineClaims, startTokenKit, type TokenKit } from '../kit.ts'

let fake: FakeIssuer
let cluster: FakeIssuer
let kit: TokenKit

before(async () => {
  fake = await startFakeIssuer()
  cluster = await startFakeIssuer()
  await cluster.rotate('key-1')
})
beforeEach(() => {
  fake.bent = unbent()
  cluster.bent = unbent()
  kit = startTokenKit(fake)
})
after(() => Promise.all([fake.close(), cluster.close()]))

const verify = async (token: string) => kit.verifyBearer(token, '192.0.2.1')
const signed = async (change: Record<string, unknown>, base = machineClaims(kit)) => fake.sign({ ...base, ...change })
const kindOf = async (change: Record<string, unknown>, base?: Record<string, unknown>) => {
  const { kind, clientId } = await verify(await fake.sign({ ...(base ?? machineClaims(kit)), ...change }))
  return [kind, clientId]
}
const rules = { adminGroup: 'modelops-admins', serviceUsers: new Set(['ci-service']) }

test('a client-credentials token is a machine’s: Keycloak’s service account, or the client as subject (RFC 9068)', async () => {
  assert.deepEqual(await kindOf({}), ['machine', 'ci-service'])
  assert.deepEqual(await kindOf({ client_id: 'ci-service' }), ['machine', 'ci-service'])
  const rfc9068 = { ...machineClaims(kit), azp: undefined, client_id: 'ci', sub: 'ci', preferred_username: undefined }
  assert.deepEqual(await kindOf({}, rfc9068), ['machine', 'ci'])
})

test('a machine among the service users is an administrator, another one is not', async () => {
  assert.equal(isAdmin(await verify(await signed({})), rules), true)
  assert.equal(isAdmin(await verify(await fake.sign(machineClaims(kit, 'other-service'))), rules), false)
})

const fakes: [string, Record<string, unknown>][] = [
  ['who registered as the client’s service account', { preferred_username: 'service-account-cli' }],
  ['who registered as another client’s service account', { preferred_username: 'service-account-ci-service' }],
  ['whose subject is the client’s id', { sub: 'cli' }],
  ['whose name is the client’s id', { preferred_username: 'ci-service', email: 'ci-service' }],
  ['who signed in through a service client', { azp: 'ci-service', sub: 'ci-service' }],
  ['with an older issuer’s mark of a session', { sid: undefined, session_state: 's', sub: 'cli' }],
  ['known by the time of the sign-in alone', { sid: undefined, auth_time: 1, sub: 'cli' }],
  ['behind a client with an act claim', { sid: undefined, act: { sub: 'x' }, sub: 'cli' }],
  ['between two client claims that disagree', { sid: undefined, client_id: 'ci-service', sub: 'ci-service' }],
  ['of a token that names no client', { sid: undefined, azp: undefined, sub: 'ci-service' }],
]
for (const [name, change] of fakes) {
  test(`a person ${name} is no machine and no administrator`, async () => {
    const principal = await verify(await fake.sign({ ...kit.claims(), ...change }))
    assert.equal(principal.kind, 'person')
    assert.equal(isAdmin(principal, rules), false)
  })
}

test('groups are the exact strings of a list, or one string; other values grant no group', async () => {
  for (const groups of [
    'modelops-admins,other',
    ' modelops-admins',
    ['Modelops-admins'],
    ['/modelops-admins'],
    ['modelops-admins\0'],
    { 0: 'modelops-admins' },
    [['modelops-admins']],
  ])
    assert.equal(isAdmin(await verify(await signed({ groups, azp: 'x', jti: JSON.stringify(groups) })), rules), false)
  assert.equal((await verify(await signed({ groups: undefined }))).groups.size, 0)
})

const KUBERNETES = 'system:serviceaccount:ml:trainer'
const kubernetesClaims = () => {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: cluster.url,
    aud: ['modelops-gateway'],
    sub: KUBERNETES,
    iat: now,
    nbf: now,
    exp: now + 600,
    'kubernetes.io': { namespace: 'ml', serviceaccount: { name: 'trainer' } },
  }
}
const additional = (change: Record<string, unknown> = {}) => ({
  issuer: { additional: [{ url: cluster.url, audiences: ['modelops-gateway'], ...change }] },
})

test('tokens of an additional issuer belong to machines with the groups that the configuration gives', async () => {
  kit = startTokenKit(fake, additional({ groups: { [KUBERNETES]: ['project-alpha'] } }))
  const principal = await verify(await cluster.sign(kubernetesClaims()))
  assert.deepEqual([principal.issuer, principal.kind], [cluster.url, 'machine'])
  assert.deepEqual([...principal.groups], ['project-alpha'])
  const other = await verify(await cluster.sign({ ...kubernetesClaims(), sub: 'constructor' }))
  assert.equal(other.groups.size, 0)
})

test('an additional issuer cannot name a subject of the own issuer, a group or a service user', async () => {
  kit = startTokenKit(fake, additional())
  const principal = await verify(
    await cluster.sign({
      ...kubernetesClaims(),
      sub: 'bob-sub',
      azp: 'ci-service',
      preferred_username: 'service-account-ci-service',
      groups: ['modelops-admins'],
      project_ids: ['11111111-1111-4111-8111-111111111111'],
    }),
  )
  assert.equal(principal.subject, `${cluster.url}#bob-sub`)
  assert.equal(principal.username, `${cluster.url}#bob-sub`)
  assert.deepEqual([principal.groups.size, principal.projectIds.size], [0, 0])
  assert.equal(isAdmin(principal, rules), false)
})

test('its principals are people, and its groups claim is used, where the configuration says so', async () => {
  kit = startTokenKit(fake, additional({ principals: 'person', groupsClaim: 'teams' }))
  const principal = await verify(await cluster.sign({ ...kubernetesClaims(), teams: ['project-beta'], groups: ['x'] }))
  assert.deepEqual([principal.kind, [...principal.groups]], ['person', ['project-beta']])
})

test('each issuer is limited to its own keys, audiences and marks', async () => {
  kit = startTokenKit(fake, additional())
  const refused: [string, string][] = [
    ['the first issuer’s audience', await cluster.sign({ ...kubernetesClaims(), aud: 'gateway' })],
    ['the other one’s audience', await fake.sign({ ...kit.claims(), aud: 'modelops-gateway' })],
    ['signed by another issuer than its iss', await fake.sign({ ...kubernetesClaims() })],
    ['a mark that is not configured', await cluster.sign({ ...kubernetesClaims(), typ: 'ID' })],
    ['a mark in the header', await cluster.sign(kubernetesClaims(), { typ: 'at+jwt' })],
  ]
  for (const [name, token] of refused) await assert.rejects(verify(token), { reason: 'token-invalid' }, name)
  await verify(await cluster.sign(kubernetesClaims()))

  kit = startTokenKit(fake, additional({ accessTokenTypes: ['at+jwt'] }))
  await assert.rejects(verify(await cluster.sign(kubernetesClaims())), { reason: 'token-invalid' })
  await verify(await cluster.sign(kubernetesClaims(), { typ: 'at+jwt' }))
})

test('its keys come from jwksUrl, or from metadata that names exactly this issuer', async () => {
  cluster.bent.metadata = { issuer: `${cluster.url}/` }
  kit = startTokenKit(fake, additional())
  await assert.rejects(verify(await cluster.sign(kubernetesClaims())), { reason: 'issuer-down' })
  kit = startTokenKit(fake, additional({ jwksUrl: `${cluster.url}/jwks` }))
  await verify(await cluster.sign(kubernetesClaims()))
})

test('keys of an additional issuer are loaded by http or https alone', async () => {
  const keys = encodeURIComponent(JSON.stringify({ keys: [cluster.publicJwk()] }))
  for (const jwks_uri of [`data:application/json,${keys}`, 'file:///jwks', cluster.url.replace('//', '//a:b@')]) {
    cluster.bent.metadata = { jwks_uri }
    kit = startTokenKit(fake, additional())
    await assert.rejects(verify(await cluster.sign(kubernetesClaims())), { reason: 'issuer-down' })
  }
})

test('metadata that cannot be loaded is requested again after a pause, not for every token', async () => {
  cluster.bent.metadata = { jwks_uri: 7 }
  kit = startTokenKit(fake, additional())
  await assert.rejects(verify(await cluster.sign(kubernetesClaims())), { reason: 'issuer-down' })
  cluster.bent = unbent()
  await assert.rejects(verify(await cluster.sign(kubernetesClaims())), { reason: 'issuer-down' })
  kit.clock.ahead = 5001
  await verify(await cluster.sign(kubernetesClaims()))
  assert.equal((await verify(await fake.sign({ ...kit.claims(), jti: 'own' }))).subject, 'bob-sub')
})
