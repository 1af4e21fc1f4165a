import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { exportJWK, SignJWT } from 'jose'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { issuerErrors } from '../../src/cli/check/issuer.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { failuresAsItself, type Proving, startProving } from '../as-itself.ts'
import { type Authority, makeAuthority } from '../authority.ts'

/** Every request of the gateway as itself, with each method, at the certified `oidc-provider`. */
const close: (() => Promise<void>)[] = []
let authority: Authority

before(() => {
  authority = makeAuthority()
})
afterEach(async () => {
  for (const end of close.splice(0).reverse()) await end()
})
after(() => authority.close())

async function issuerWith(gatewayClient: object, tls?: Parameters<typeof startIssuer>[0]): Promise<EmbeddedIssuer> {
  const issuer = await startIssuer({ host: 'localhost', gatewayClient, ...tls })
  close.push(() => issuer.close())
  return issuer
}

async function gatewayAt(issuer: EmbeddedIssuer, section: object, port?: number): Promise<Proving> {
  const gateway = await startProving(issuer.url, section, port)
  close.push(() => gateway.close())
  return gateway
}

/** Writes a file as whoever renews it does: beside it, then in its place. */
function put(name: string, text: string): string {
  const path = join(authority.folder, name)
  writeFileSync(`${path}.next`, text, { mode: 0o600 })
  renameSync(`${path}.next`, path)
  return path
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const newSmallKey = () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const pem = (key: KeyObject) => String(key.export({ format: 'pem', type: 'pkcs8' }))
const publicJwk = async (key: KeyObject, kid: string) => {
  const { d: _, ...jwk } = await exportJWK(key)
  return { ...jwk, kid, use: 'sig', alg: 'ES256' }
}
/** Status of a request with an opaque token, about which the gateway asks its issuer: 401 if it may ask. */
const introspected = async ({ url }: Proving) =>
  (await fetch(`${url}/lobby/`, { headers: { authorization: 'Bearer opaque' } })).status
const refused = ({ logged }: Proving) => logged.filter(({ event }) => event === 'client-refused')

for (const method of ['client_secret_basic', 'client_secret_post']) {
  test(`${method}: every request of the gateway as itself is accepted`, async () => {
    const issuer = await issuerWith({ token_endpoint_auth_method: method })
    const section = { clientAuthentication: method, clientSecret: GATEWAY_CLIENT.secret }
    assert.deepEqual(await failuresAsItself(await gatewayAt(issuer, section)), [])
  })
}

test('private_key_jwt by JWKS URL: accepted, and a new key without a restart', async () => {
  const port = await freePort()
  const issuer = await issuerWith({
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    client_secret: undefined,
    jwks_uri: `http://localhost:${port}/auth/client-jwks.json`,
  })
  const [current, next] = [put('current.pem', pem(newKey())), put('next.pem', pem(newKey()))]
  const clientKeys = [{ path: current }, { path: next }]
  const gateway = await gatewayAt(issuer, { clientAuthentication: 'private_key_jwt', clientKeys }, port)
  // The projects are loaded before the gateway listens: the issuer cannot read the keys yet, and the load is repeated.
  assert.deepEqual(await failuresAsItself(gateway), ['client-credentials'])
  await gateway.until('client-credentials', 2)
  assert.deepEqual(await gateway.counted('client-credentials'), { sent: 2, failed: 1 })

  const published = await (await fetch(`${gateway.url}/auth/client-jwks.json`)).json()
  const asserted = await (await fetch(`${gateway.url}/auth/jwks.json`)).json()
  const kids = ({ keys }: { keys: { kid: string; d?: string }[] }) => keys.map(({ kid }) => kid)
  assert.equal(new Set([...kids(published as never), ...kids(asserted as never)]).size, 3, 'two sets of keys')
  assert.doesNotMatch(JSON.stringify(published), /"d":/)

  // The second key was published all the time: the issuer knows it when it begins to sign.
  const sent = (await gateway.counted('token')).sent
  renameSync(next, current)
  put('next.pem', pem(newKey()))
  assert.equal(await gateway.signIn(), 200)
  assert.deepEqual(await gateway.counted('token'), { sent: sent + 1, failed: 0 })
})

test('private_key_jwt: the assertion is for the issuer alone, short, used once, and dated back a little', async () => {
  const key = newKey()
  const issuer = await issuerWith({
    token_endpoint_auth_method: 'private_key_jwt',
    client_secret: undefined,
    jwks: { keys: [await publicJwk(key, 'a')] },
  })
  const assertions: Record<string, unknown>[] = []
  issuer.onTokenRequest = (form) => {
    const [, payload = ''] = (form.get('client_assertion') ?? '').split('.')
    assertions.push(JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}'))
  }
  const clientKeys = [{ path: put('key.pem', pem(key)), kid: 'a' }]
  const gateway = await gatewayAt(issuer, { clientAuthentication: 'private_key_jwt', clientKeys })
  assert.deepEqual(await failuresAsItself(gateway), [])
  assert.ok(assertions.length >= 3)
  for (const { iss, sub, aud, exp, iat, nbf } of assertions) {
    assert.deepEqual([iss, sub, aud], [GATEWAY_CLIENT.id, GATEWAY_CLIENT.id, issuer.url])
    assert.deepEqual([Number(exp) - Number(iat), Number(iat) - Number(nbf)], [60, 0])
    assert.ok(Number(iat) < Date.now() / 1000 && Number(exp) > Date.now() / 1000 - 60)
  }
  assert.equal(new Set(assertions.map(({ jti }) => jti)).size, assertions.length)
})

test('a clock that is five minutes off is an outage with advice, and the session goes on', async () => {
  const key = newKey()
  const issuer = await issuerWith({
    token_endpoint_auth_method: 'private_key_jwt',
    client_secret: undefined,
    jwks: { keys: [await publicJwk(key, 'a')] },
  })
  const clientKeys = [{ path: put('key.pem', pem(key)), kid: 'a' }]
  const gateway = await gatewayAt(issuer, { clientAuthentication: 'private_key_jwt', clientKeys })
  assert.equal(await gateway.signIn(), 200)
  for (const ahead of [300_000, -300_000]) {
    gateway.clock.ahead = ahead
    assert.equal((await gateway.browser.fetch(`${gateway.url}/lobby/`)).status, 200)
    assert.equal(await introspected(gateway), 503)
  }
  const [line] = refused(gateway)
  assert.match(String(line?.advice), /clock is \d+ seconds (behind|ahead of) this machine’s.*Synchronize both clocks/)
})

test('tls_client_auth: accepted at the endpoints for certificates, also with a renewed certificate', async () => {
  const server = authority.issue('issuer', 'DNS:localhost,IP:127.0.0.1')
  const [tls, ca] = [{ cert: readFileSync(server.cert, 'utf8'), key: readFileSync(server.key, 'utf8') }, authority.cert]
  setDefaultCACertificates([readFileSync(ca, 'utf8')])
  const issuer = await issuerWith(
    {
      token_endpoint_auth_method: 'tls_client_auth',
      client_secret: undefined,
      tls_client_auth_subject_dn: 'CN=gateway',
    },
    { tls: { ...tls, ca: readFileSync(ca, 'utf8') } },
  )
  const own = authority.issue('gateway')
  const section = {
    clientAuthentication: 'tls_client_auth',
    clientCertificate: { path: own.cert, keyPath: own.key },
  }
  const gateway = await gatewayAt(issuer, section)
  assert.deepEqual(await failuresAsItself(gateway), [])
  const hosts = issuer.tokenClients.map(({ host }) => host?.split(':')[0])
  assert.deepEqual([...new Set(hosts)], ['127.0.0.1'], 'the aliases of the metadata are used')

  const renewed = authority.issue('gateway')
  renameSync(renewed.key, own.key)
  renameSync(renewed.cert, own.cert)
  const { serialNumber } = new X509Certificate(readFileSync(own.cert))
  assert.equal(await gateway.signIn(), 200)
  assert.ok(issuer.tokenClients.some(({ serial }) => serial === serialNumber))

  // Basic credentials of somebody else must not travel with the gateway's certificate.
  const basic = `Basic ${btoa(`${GATEWAY_CLIENT.id}:anything`)}`
  const attack = await fetch(`${gateway.url}/lobby/`, { headers: { authorization: basic } })
  assert.equal(attack.status, 401)
  const stranger = issuer.tokenClients.filter(({ hasBasic }) => hasBasic)
  assert.deepEqual(
    stranger.map(({ serial }) => serial),
    [undefined],
  )

  const other = authority.issue('somebody-else')
  renameSync(other.key, own.key)
  renameSync(other.cert, own.cert)
  assert.equal(await introspected(gateway), 503)
  assert.equal(refused(gateway)[0]?.error, 'invalid_client')
})

test('jwt_file: each request has what the file contains now; an expired file is an outage, not the end of a session', async () => {
  const key = newKey()
  const issuer = await issuerWith({
    token_endpoint_auth_method: 'private_key_jwt',
    client_secret: undefined,
    jwks: { keys: [await publicJwk(key, 'workload')] },
  })
  const token = (seconds: number) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: 'workload' })
      .setIssuer(GATEWAY_CLIENT.id)
      .setSubject(GATEWAY_CLIENT.id)
      .setAudience(issuer.url)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key)
  // `oidc-provider` accepts an assertion once, so whoever writes the file writes a new one after each use.
  issuer.onTokenRequest = async () => void put('token', await token(60))
  const path = put('token', await token(60))
  const gateway = await gatewayAt(issuer, { clientAuthentication: 'jwt_file', clientAssertion: { path } })
  assert.equal(await gateway.signIn(), 200)
  assert.equal((await gateway.counted('token')).failed, 0)

  issuer.onTokenRequest = undefined
  for (const [text, message] of [
    [await token(-30), /a JWT that expired \d+ seconds ago\. Check what renews this file/],
    ['not.a.jwt!', /something that is not a JWT/],
    ['', /an empty file/],
  ] as const) {
    put('token', text)
    const before = gateway.logged.length
    const page = await gateway.browser.fetch(`${gateway.url}/lobby/`)
    assert.equal(page.status, 200, 'the session goes on while its access token is valid')
    assert.equal(await introspected(gateway), 503)
    assert.match(JSON.stringify(gateway.logged.slice(before)), message)
    if (text !== '') assert.ok(!JSON.stringify(gateway.logged).includes(text), 'the token is not in the log')
  }
  rmSync(path)
  assert.equal(await introspected(gateway), 503)
  put('token', await token(60))
  chmodSync(path, 0o600)
  assert.equal(await introspected(gateway), 401)
})

test('a key that cannot be used stops the start; a JWT of the platform may come later', async () => {
  const issuer = await issuerWith({})
  const clientKeys = [{ path: put('broken.pem', 'nothing') }]
  const broken = startProving(issuer.url, { clientAuthentication: 'private_key_jwt', clientKeys })
  await assert.rejects(broken, /issuer\.clientKeys\.0\.path: expected a file with a private key/)
  const clientAssertion = { path: join(authority.folder, 'not-yet') }
  const gateway = await gatewayAt(issuer, { clientAuthentication: 'jwt_file', clientAssertion })
  assert.equal(await introspected(gateway), 503)
  assert.equal((await fetch(`${gateway.url}/auth/client-jwks.json`)).status, 404)
})

test('`check --online` sends the same proof, and says which credential the issuer rejects', async () => {
  const key = newKey()
  const issuer = await issuerWith({
    token_endpoint_auth_method: 'private_key_jwt',
    client_secret: undefined,
    jwks: { keys: [await publicJwk(key, 'a')] },
  })
  const errorsFor = async (clientKeys: object[]) => {
    const raw = {
      server: { publicUrl: 'http://localhost:1' },
      issuer: { url: issuer.url, clientId: GATEWAY_CLIENT.id, clientAuthentication: 'private_key_jwt', clientKeys },
      session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'claim' },
      routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
    }
    const errors = await issuerErrors(parseConfig(JSON.stringify(raw), 'check.yaml', {}))
    return errors.map(({ path, hint }) => `${path}: ${hint}`)
  }
  const path = put('key.pem', pem(key))
  assert.deepEqual(await errorsFor([{ path, kid: 'a' }]), [])
  const [wrongId] = await errorsFor([{ path, kid: 'another' }])
  assert.match(wrongId ?? '', /^issuer\.clientKeys: .*Compare `kid` and algorithm/)
  const [small] = await errorsFor([{ path: put('rsa.pem', pem(newSmallKey())) }])
  assert.match(small ?? '', /^issuer\.clientKeys\.0\.path: Create a new key/)
})
