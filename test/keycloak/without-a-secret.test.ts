import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { KEYCLOAK_STARTS, type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { clientErrors } from '../../src/cli/check/client.ts'
import { discoverIssuer, endpointsOf } from '../../src/cli/check/issuer.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { failuresAsItself, type Proving, startProving } from '../as-itself.ts'
import { type Authority, makeAuthority } from '../authority.ts'
import { KeycloakAdmin } from './admin.ts'
import { startWorkloadIssuer, type WorkloadIssuer } from './workload-issuer.ts'

/** A gateway without a secret at a real Keycloak with TLS. One Keycloak serves all tests; the client is changed in between. */
let authority: Authority
let keycloak: Keycloak
let workloads: WorkloadIssuer
let admin: KeycloakAdmin
let port: number
let gateway: Proving | undefined

before(async () => {
  authority = makeAuthority()
  setDefaultCACertificates([readFileSync(authority.cert, 'utf8')])
  port = await freePort()
  const server = authority.issue('keycloak', 'DNS:localhost,IP:127.0.0.1')
  workloads = await startWorkloadIssuer()
  keycloak = await startKeycloak({
    gatewayUrl: `http://localhost:${port}`,
    https: { certificate: server.cert, key: server.key, clientAuthorities: authority.cert },
  })
  admin = new KeycloakAdmin(keycloak)
}, KEYCLOAK_STARTS)
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})
after(async () => {
  await keycloak?.close()
  await workloads?.close()
  authority.close()
})

/** Writes a file as whoever renews it does: beside it, then in its place. */
function put(name: string, text: string): string {
  const path = join(authority.folder, name)
  writeFileSync(`${path}.next`, text, { mode: 0o600 })
  renameSync(`${path}.next`, path)
  return path
}

async function clientIs(type: string, attributes: Record<string, string>): Promise<void> {
  await admin.signIn()
  const none = { 'use.jwks.url': 'false', 'use.jwks.string': 'false', 'jwks.url': '', 'jwks.string': '' }
  await admin.setClient('gateway', { ...none, ...attributes }, { clientAuthenticatorType: type })
}

async function start(section: object): Promise<Proving> {
  gateway = await startProving(keycloak.url, section, port)
  return gateway
}

/** What `check --online` says about the client. */
async function checked(section: object): Promise<string[]> {
  const raw = {
    server: { publicUrl: `http://localhost:${port}` },
    issuer: { url: keycloak.url, clientId: 'gateway', ...section },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'app', app: 'generic', path: '/app', upstream: 'http://127.0.0.1:1', access: 'login' }],
  }
  const config = parseConfig(JSON.stringify(raw), 'check.yaml', {})
  const { metadata = {} } = await discoverIssuer(config)
  const endpoints = endpointsOf(metadata)
  assert.ok(endpoints)
  return (await clientErrors(endpoints, config)).map(({ path, got, hint }) => `${path}: ${got} ${hint}`)
}

const introspected = async ({ url }: Proving) =>
  (await fetch(`${url}/lobby/`, { headers: { authorization: 'Bearer opaque' } })).status

const pem = (key: KeyObject) => String(key.export({ format: 'pem', type: 'pkcs8' }))
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

test('a signed JWT, with the key that Keycloak reads from the gateway', async () => {
  const url = `http://localhost:${port}/auth/client-jwks.json`
  await clientIs('client-jwt', { 'use.jwks.url': 'true', 'jwks.url': url, 'token.endpoint.auth.signing.alg': 'ES256' })
  const [current, next] = [put('current.pem', pem(newKey())), put('next.pem', pem(newKey()))]
  const section = { clientAuthentication: 'private_key_jwt', clientKeys: [{ path: current }, { path: next }] }
  // The projects are loaded before the gateway listens, so Keycloak cannot read the keys at that moment.
  const found = await start(section)
  assert.deepEqual(await failuresAsItself(found), ['client-credentials'])
  assert.deepEqual(await checked(section), [])
  renameSync(next, current)
  assert.equal(await introspected(found), 401, 'the next key was known already')
  assert.equal(await found.signIn(), 200)
})

for (const [type, key] of [
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['PS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['EdDSA', generateKeyPairSync('ed25519')],
] as const) {
  test(`a signed JWT (${type}), with an uploaded JWKS`, async () => {
    const jwk = { ...createPublicKey(key.privateKey).export({ format: 'jwk' }), kid: 'uploaded', use: 'sig', alg: type }
    await clientIs('client-jwt', {
      ...{ 'use.jwks.string': 'true', 'jwks.string': JSON.stringify({ keys: [jwk] }) },
      'token.endpoint.auth.signing.alg': type,
    })
    const clientKeys = [{ path: put('key.pem', pem(key.privateKey)), kid: 'uploaded', algorithm: type }]
    const section = { clientAuthentication: 'private_key_jwt', clientKeys }
    assert.deepEqual(await failuresAsItself(await start(section)), [])
    const other = [{ path: put('key.pem', pem(newKey())) }]
    const [error] = await checked({ clientAuthentication: 'private_key_jwt', clientKeys: other })
    assert.match(error ?? '', /^issuer\.clientKeys: .*client-jwks\.json/)
  })
}

test('a signed JWT, with a certificate uploaded as PEM', async () => {
  const own = authority.issue('gateway')
  const certificate = readFileSync(own.cert, 'utf8').replace(/-----[^-]+-----|\s/g, '')
  await clientIs('client-jwt', {
    'jwt.credential.certificate': certificate,
    'token.endpoint.auth.signing.alg': 'ES256',
  })
  const spki = createPublicKey(readFileSync(own.key)).export({ format: 'der', type: 'spki' })
  const kid = createHash('sha256').update(spki).digest('base64url')
  const errorsWith = (key: object) =>
    checked({ clientAuthentication: 'private_key_jwt', clientKeys: [{ path: own.key, ...key }] })
  assert.equal((await errorsWith({})).length, 1, 'Keycloak gives a certificate an ID of its own')
  assert.deepEqual(await errorsWith({ kid }), [])
})

test('a clock that is five minutes off is explained', async () => {
  const key = newKey()
  const jwk = { ...createPublicKey(key).export({ format: 'jwk' }), kid: 'uploaded', use: 'sig', alg: 'ES256' }
  const jwks = JSON.stringify({ keys: [jwk] })
  await clientIs('client-jwt', { 'use.jwks.string': 'true', 'jwks.string': jwks })
  const clientKeys = [{ path: put('key.pem', pem(key)), kid: 'uploaded' }]
  const found = await start({ clientAuthentication: 'private_key_jwt', clientKeys })
  assert.equal(await found.signIn(), 200)
  for (const ahead of [300_000, -300_000]) {
    found.clock.ahead = ahead
    assert.equal(await introspected(found), 503)
  }
  const line = found.logged.find(({ event }) => event === 'client-refused')
  assert.match(String(line?.advice), /Synchronize both clocks/)
})

test('a client certificate (X.509)', async () => {
  await clientIs('client-x509', { 'x509.subjectdn': 'CN=gateway', 'x509.allow.regex.pattern.comparison': 'false' })
  const [own, other] = [authority.issue('gateway'), authority.issue('somebody-else')]
  const section = (files: typeof own) => ({
    clientAuthentication: 'tls_client_auth',
    clientCertificate: { path: files.cert, keyPath: files.key },
  })
  const found = await start(section(own))
  assert.deepEqual(await failuresAsItself(found), [])
  assert.deepEqual(await checked(section(own)), [])
  const [error] = await checked(section(other))
  assert.match(error ?? '', /^issuer\.clientCertificate: .*which subject it expects/)
  // Basic credentials of somebody else must not travel with the gateway's certificate.
  const basic = `Basic ${btoa('gateway:anything')}`
  assert.equal((await fetch(`${found.url}/lobby/`, { headers: { authorization: basic } })).status, 401)
})

const WORKLOADS = [
  [
    'oidc',
    (url: string) => ({
      issuer: url,
      jwksUrl: `${url}/openid/v1/jwks`,
      useJwksUrl: 'true',
      validateSignature: 'true',
      supportsClientAssertions: 'true',
      supportsClientAssertionReuse: 'true',
      clientId: 'unused',
      clientSecret: 'unused',
      authorizationUrl: `${url}/auth`,
      tokenUrl: `${url}/token`,
    }),
    'system:serviceaccount:modelops:gateway',
    'jwt-bearer',
  ],
  ['kubernetes', (url: string) => ({ issuer: url }), 'system:serviceaccount:modelops:gateway', 'jwt-bearer'],
  [
    'spiffe',
    (url: string) => ({ trustDomain: 'spiffe://example.org', bundleEndpoint: `${url}/bundle` }),
    'spiffe://example.org/ns/modelops/sa/gateway',
    'jwt-spiffe',
  ],
] as const
for (const [providerId, config, subject, type] of WORKLOADS) {
  test(`a JWT of a workload from a file, which Keycloak verifies as ${providerId}`, async () => {
    await admin.signIn()
    // Keycloak wants each issuer once.
    if (providerId === 'kubernetes') await admin.removeIdentityProvider('oidc')
    await admin.addIdentityProvider({ alias: providerId, providerId, config: config(workloads.url) })
    await clientIs('federated-jwt', { 'jwt.credential.issuer': providerId, 'jwt.credential.sub': subject })
    const token = () =>
      providerId === 'spiffe'
        ? workloads.svid(subject, keycloak.url)
        : workloads.serviceAccountToken(subject, keycloak.url)
    const path = put('token', await token())
    const clientAssertion = { path, type }
    assert.deepEqual(await checked({ clientAuthentication: 'jwt_file', clientAssertion }), [])
    const found = await start({ clientAuthentication: 'jwt_file', clientAssertion })
    assert.deepEqual(await failuresAsItself(found), [])
  })
}
