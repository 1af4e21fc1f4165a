import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { clockCheck, skewFinding, tokenClockFinding } from '../../../../src/cli/doctor/checks/clock.ts'
import { cookiesCheck } from '../../../../src/cli/doctor/checks/cookies.ts'
import { dnsCheck } from '../../../../src/cli/doctor/checks/dns.ts'
import { filesCheck } from '../../../../src/cli/doctor/checks/files.ts'
import { clientCheck, discoveryCheck, redirectCheck } from '../../../../src/cli/doctor/checks/issuer.ts'
import { logoutCheck } from '../../../../src/cli/doctor/checks/logout.ts'
import { latencyFinding, redisClockFinding, storeCheck } from '../../../../src/cli/doctor/checks/store.ts'
import { upstreamsCheck } from '../../../../src/cli/doctor/checks/upstreams.ts'
import { testConfig } from '../../gateway/signin/kit.ts'
import { configOf, keycloak, NOBODY, type Parts, PUBLIC_URL, type Replies, startFake } from '../check/kit.ts'
import { linesOf, run, temporaryFile, worldOf } from './kit.ts'

const METADATA = '/.well-known/openid-configuration'
const notFound = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })

test('DNS: a name of the issuer that is not found fails, one that only browsers use is a warning', async () => {
  const config = configOf({ issuer: { url: 'https://sso.example' } })
  const world = worldOf(config, { lookup: () => Promise.reject(notFound) })
  const findings = await run(dnsCheck, world)
  assert.deepEqual(linesOf(findings), [
    'failed: sso.example: the name was not found (ENOTFOUND; issuer.url)',
    'warning: o.example: the name was not found (ENOTFOUND; server.publicUrl)',
  ])
  assert.deepEqual([...world.blocked.keys()], ['sso.example', 'o.example'])
  assert.ok(findings.every(({ cause, fix }) => cause && fix))
})

test('DNS: names are shown with their addresses, and addresses need no DNS', async () => {
  const world = worldOf(configOf({}), { lookup: async () => [{ address: '192.0.2.7', family: 4 }] })
  assert.deepEqual(linesOf(await run(dnsCheck, world)), ['ok: o.example is 192.0.2.7 (server.publicUrl)'])
})

test('what depends on a name that was not found is skipped, and says so', async () => {
  const world = worldOf(configOf({ issuer: { url: 'https://sso.example' } }))
  world.blocked.set('sso.example', 'the name sso.example was not found')
  for (const check of [clockCheck, discoveryCheck]) {
    assert.match(linesOf(await run(check, world)).join(), /^skipped: .*because the name sso\.example was not found$/)
  }
  for (const check of [clientCheck, redirectCheck, logoutCheck]) {
    assert.match(linesOf(await run(check, world)).join(), /^skipped: .*because the issuer’s metadata is not available$/)
  }
})

test('clock: a difference in the Date header counts by what the gateway tolerates', () => {
  assert.equal(skewFinding(3, 60).status, 'ok')
  assert.match(linesOf([skewFinding(-30, 60)]).join(), /^warning: the issuer’s clock is 30 seconds behind/)
  assert.match(
    linesOf([skewFinding(90, 60)]).join(),
    /^failed: the issuer’s clock is 90 seconds ahead .*tokens are rejected/,
  )
})

test('clock: the time of the issuer is compared with that of this machine', async (t) => {
  const url = await startFake(t, () => ({
    [METADATA]: { headers: { date: new Date(1_000_000_000_000).toUTCString() } },
  }))
  const at = (milliseconds: number) => worldOf(configOf({ issuer: { url } }), { clock: () => milliseconds })
  assert.deepEqual((await run(clockCheck, at(1_000_000_000_400)))[0]?.status, 'ok')
  assert.match(linesOf(await run(clockCheck, at(1_000_000_100_500))).join(), /^failed: .* is 100 seconds behind/)
})

test('clock: a new token shows any difference, an older one only that it is of the future', () => {
  const statuses = (issuedAt: unknown, isNew: boolean) =>
    tokenClockFinding(issuedAt, isNew, 1_000_000, 60).map(({ status }) => status)
  assert.deepEqual([statuses(1002, true), statuses(880, true), statuses(1030, true)], [['ok'], ['failed'], ['warning']])
  assert.deepEqual([statuses(880, false), statuses(1090, false), statuses('x', true)], [[], ['failed'], []])
})

/** Runs the checks of the issuer with changed replies. */
async function issuerLines(t: TestContext, change: Replies, parts: Parts = {}): Promise<string[]> {
  const url = await startFake(t, (origin) => ({ ...keycloak(origin), ...change }))
  const world = worldOf(configOf({ ...parts, issuer: { url, ...parts.issuer } }))
  const lines: string[] = []
  for (const check of [discoveryCheck, clientCheck, redirectCheck]) {
    const findings = await run(check, world)
    for (const { status, cause, fix } of findings) if (status === 'failed') assert.ok(cause && fix, 'cause and fix')
    lines.push(...linesOf(findings))
  }
  return lines
}

test('issuer: all good', async (t) => {
  assert.deepEqual(
    (await issuerLines(t, {})).map((line) => line.slice(0, 22)),
    ['ok: the metadata names', 'ok: the issuer accepts', 'ok: the issuer accepts'],
  )
})

const PLANTED: [string, Replies, RegExp][] = [
  [
    'a wrong secret',
    { 'POST /token': { status: 401, body: { error: 'invalid_client' } } },
    /^failed: issuer\.clientSecret/m,
  ],
  [
    'a redirect URI that is missing',
    { '/auth': { status: 400, body: 'Invalid parameter: redirect_uri' } },
    /^failed: server\.publicUrl/m,
  ],
  [
    'another issuer in the metadata',
    { [METADATA]: { body: { issuer: 'https://other.example' } } },
    /^failed: issuer\.url: expected exactly/m,
  ],
  [
    'a page in the place of the metadata',
    { [METADATA]: { body: '<html>' } },
    /^failed: issuer\.url: expected OpenID Connect metadata/m,
  ],
]
for (const [name, change, expected] of PLANTED) {
  test(`issuer: ${name} is found`, async (t) => {
    assert.match((await issuerLines(t, change)).join('\n'), expected)
  })
}

test('issuer: an endpoint whose name is not found shows that the issuer does not know its own address', async (t) => {
  const url = await startFake(t, (origin) => {
    const { body } = keycloak(origin)[METADATA] as { body: object }
    return { ...keycloak(origin), [METADATA]: { body: { ...body, jwks_uri: 'http://keycloak.internal/certs' } } }
  })
  const world = worldOf(configOf({ issuer: { url } }), { lookup: () => Promise.reject(notFound) })
  const lines = linesOf(await run(discoveryCheck, world)).join('\n')
  assert.match(lines, /\nfailed: the jwks_uri of the issuer is at keycloak\.internal, whose name was not found/)
})

test('sign-out: a post-logout redirect URI that the issuer denies, and an issuer without end-session endpoint', async (t) => {
  const url = await startFake(t, () => ({ '/logout': { status: 400, body: 'Invalid redirect uri' } }))
  const world = worldOf(configOf({ issuer: { url } }), { metadata: { end_session_endpoint: `${url}/logout` } })
  const [first, second] = await run(logoutCheck, world)
  assert.match(
    `${first?.status}: ${first?.fix}`,
    /^failed: Add https:\/\/o\.example\/auth\/signed-out to the post-logout/,
  )
  assert.equal(second?.status, 'skipped')
  const without = await run(logoutCheck, { ...world, metadata: {} })
  assert.equal(without[0]?.status, 'warning')
})

test('sign-out: the back channel counts as reachable if the gateway denies an empty request', async (t) => {
  for (const [status, expected] of [
    [400, 'ok'],
    [404, 'warning'],
  ] as const) {
    const url = await startFake(t, () => ({ '/logout': {}, 'POST /auth/backchannel-logout': { status } }))
    const config = { ...configOf({ issuer: { url } }) }
    const metadata = { end_session_endpoint: `${url}/logout`, backchannel_logout_supported: true }
    const world = worldOf({ ...config, server: { ...config.server, publicUrl: url } }, { metadata })
    assert.deepEqual(
      (await run(logoutCheck, world)).map((finding) => finding.status),
      ['ok', expected],
    )
  }
})

test('store: memory is good, and a store that does not respond fails without its password', async () => {
  assert.equal((await run(storeCheck, worldOf(configOf({}))))[0]?.status, 'ok')
  const config = configOf({ session: { store: 'redis://gateway:hunter2@127.0.0.1:1', storeTimeoutMs: 50 } })
  const findings = await run(storeCheck, worldOf(config))
  assert.match(linesOf(findings).join(), /^failed: session\.store/)
  assert.ok(!JSON.stringify(findings).includes('hunter2'))
})

test('store: a sqlite file is not created, and a folder that is missing fails', async (t) => {
  const file = temporaryFile(t, 'other', '')
  const store = (path: string) => worldOf(configOf({ session: { store: `sqlite:${path}` } }))
  assert.match(linesOf(await run(storeCheck, store(`${file}.db`))).join(), /^ok: .* does not exist yet/)
  assert.match(
    linesOf(await run(storeCheck, store('/nowhere/at/all.db'))).join(),
    /^failed: \/nowhere\/at is not writable: ENOENT/,
  )
})

test('store: a slow Redis, and one with another time, are warnings', () => {
  assert.deepEqual([latencyFinding(3).status, latencyFinding(300).status], ['ok', 'warning'])
  assert.deepEqual([redisClockFinding(900).status, redisClockFinding(-90_000).status], ['ok', 'warning'])
})

const route = (app: string, upstream: string, over: object = {}) => ({
  ...{ name: app, app, path: `/${app}`, upstream, access: 'login', ...over },
})

test('applications: another application, none, and the gateway itself are found', async (t) => {
  const airflow = await startFake(t, () => ({ '/api/v2/version': { body: { version: '3.1.0' } } }))
  const routes = [
    route('mlflow', airflow, { access: 'project' }),
    route('generic', NOBODY),
    route('core', PUBLIC_URL, { host: 'api.example', access: 'member' }),
  ]
  const lines = linesOf(await run(upstreamsCheck, worldOf(configOf({ routes }))))
  assert.match(lines[0] ?? '', /^failed: routes\.0\.upstream: expected MLflow.*received Airflow 3\.1\.0/)
  assert.match(lines[1] ?? '', /^failed: routes\.1\.upstream: .*connection refused/)
  assert.match(lines[2] ?? '', /^failed: routes\.2\.upstream: the gateway would forward requests to itself/)
})

test('applications: one with a public address is a warning', async (t) => {
  const upstream = (await startFake(t, () => ({}))).replace('127.0.0.1', 'localhost')
  const at = (address: string) => ({ lookup: async () => [{ address, family: 4 }] })
  const config = configOf({ routes: [route('generic', upstream)] })
  const open = linesOf(await run(upstreamsCheck, worldOf(config, at('8.8.8.8'))))
  assert.match(open.join('\n'), /^ok: .*\nwarning: routes\.0\.upstream: localhost has a public address \(8\.8\.8\.8\)/)
  assert.equal((await run(upstreamsCheck, worldOf(config, at('10.1.2.3')))).length, 1)
})

test('cookie: hosts that it does not reach, with and without a domain, and a public suffix', async () => {
  const issuer = { url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' }
  const config = testConfig(issuer)
  const lines = async (domain: string | undefined) =>
    linesOf(await run(cookiesCheck, worldOf({ ...config, cookie: { ...config.cookie, domain } }))).join()
  assert.match(await lines(undefined), /^failed: the session cookie does not reach api\.example/)
  assert.match(await lines('co.uk'), /^failed: cookie\.domain: expected a domain that/)
  assert.match(await lines('o.example'), /^failed: the session cookie does not reach api\.example/)
  const [own] = config.routes
  const one = { ...config, routes: own === undefined ? [] : [own] }
  assert.match(linesOf(await run(cookiesCheck, worldOf(one))).join(), /^ok: the session cookie reaches o\.example$/)
})

test('files: secrets that anybody on the machine can read are a warning, certificates are not', async (t) => {
  const secret = temporaryFile(t, 'secret', 'x', 0o644)
  const closed = temporaryFile(t, 'closed', 'x', 0o640)
  const ca = temporaryFile(t, 'ca.pem', '-----BEGIN CERTIFICATE-----', 0o644)
  const file = temporaryFile(
    t,
    'gateway.yaml',
    `a: \${file:${secret}} \${file:${closed}} \${file:${ca}} \${file:/not/there}`,
  )
  const lines = linesOf(await run(filesCheck, worldOf(configOf({}), { file })))
  assert.match(lines[0] ?? '', /^warning: .*secret is open to every user of this machine \(mode 644\)/)
  assert.match(lines[1] ?? '', /^ok: .*closed is closed to other users \(mode 640\)/)
  assert.match(lines[2] ?? '', /^failed: \/not\/there: ENOENT/)
  assert.equal(lines.length, 3)
})

test('files: the key by which the gateway proves who it is counts as one', async (t) => {
  const path = temporaryFile(t, 'client-key.pem', 'a key', 0o644)
  const issuer = { clientSecret: undefined, clientAuthentication: 'private_key_jwt', clientKeys: [{ path }] }
  const file = temporaryFile(t, 'gateway.yaml', 'a: b')
  assert.match(
    linesOf(await run(filesCheck, worldOf(configOf({ issuer }), { file }))).join(),
    /^warning: .*client-key\.pem is open to every user of this machine \(mode 644\)/,
  )
})

test('files: a configuration that contains the secrets itself counts as one', async (t) => {
  const file = temporaryFile(t, 'gateway.yaml', 'clientSecret: the-client-secret', 0o604)
  assert.match(
    linesOf(await run(filesCheck, worldOf(configOf({}), { file }))).join(),
    /^warning: .*gateway\.yaml is open/,
  )
})
