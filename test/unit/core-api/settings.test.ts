import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { Authenticator } from '../../../src/core-api/auth/authenticator.ts'
import { parseCoreConfig } from '../../../src/core-api/config.ts'
import { startCore } from '../../../src/core-api/service.ts'
import { backupSqlite } from '../../../src/core-api/store/backup-sqlite.ts'
import { DefaultConnections } from '../../../src/core-api/store/defaults.ts'
import { openStorage } from '../../../src/core-api/store/open.ts'
import { StorageDown } from '../../../src/core-api/store/storage-errors.ts'
import { ConfigurationError } from '../../../src/shared/settings/field-errors.ts'
import {
  ALICE,
  ALPHA,
  BOB,
  coreConfig,
  newConnection,
  SERVICE,
  type Signer,
  startCoreUnderTest,
  startSigner,
  TOKEN,
} from '../../core/kit.ts'

/** The effect of each configuration key. */
let signer: Signer
const folder = mkdtempSync(join(tmpdir(), 'core-settings-'))
before(async () => {
  signer = await startSigner()
})
after(async () => {
  rmSync(folder, { recursive: true })
  await signer.close()
})

const silent = pino({ level: 'silent' })
const PATH = '/api/datasetConnections'
const memory = (more: string) => startCoreUnderTest(signer, 'sqlite::memory:', more)
const now = () => Math.floor(Date.now() / 1000)

test('links start with server.publicUrl', async () => {
  for (const [more, href] of [
    ['', `/api/projects/${ALPHA}`],
    ['server: { publicUrl: "https://o.example/core/" }', `https://o.example/core/api/projects/${ALPHA}`],
  ] as const) {
    const core = await memory(more)
    const { body } = await core.as(ALICE).get(`/api/projects/${ALPHA}`)
    assert.equal(body._links.self.href, href)
    await core.close()
  }
})

test('an assertion must have gateway.audience and gateway.publicUrl', async () => {
  const core = await memory('')
  const token = await core.assertion(ALICE)
  for (const change of [{ audience: 'other' }, { publicUrl: 'https://other.example' }]) {
    const gateway = { ...(core.deps.config.gateway as NonNullable<typeof core.deps.config.gateway>), ...change }
    const authenticator = new Authenticator({ ...core.deps.config, gateway }, Date.now)
    await assert.rejects(authenticator.authenticate({ headersDistinct: { 'x-gateway-assertion': [token] } }), {
      reason: 'token-invalid',
    })
  }
  await core.close()
})

test('keys come from jwksUrl, or by default from gateway.publicUrl and the issuer’s discovery document', async () => {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    asked.push(request.url ?? '')
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    if (request.url?.endsWith('openid-configuration'))
      return void response.end(JSON.stringify({ issuer: origin, jwks_uri: signer.jwksUrl }))
    response.end(await (await fetch(signer.jwksUrl)).text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = parseCoreConfig(
    `
gateway: { publicUrl: "${origin}" }
issuer: { url: "${origin}", audiences: [modelops] }
access: { adminGroup: admins }
encryption: { token: t }`,
    'core.yaml',
    {},
  )
  const authenticator = new Authenticator(config, Date.now)
  const claims = {
    iss: origin,
    sub: 's',
    preferred_username: 'p',
    role: 'user',
    iat: now(),
    exp: now() + 60,
    typ: 'Bearer',
  }
  const assertion = await signer.sign({ ...claims, aud: 'core' })
  const bearer = await signer.sign({ ...claims, aud: 'modelops' })
  assert.equal(
    (await authenticator.authenticate({ headersDistinct: { 'x-gateway-assertion': [assertion] } })).subject,
    's',
  )
  assert.equal(
    (await authenticator.authenticate({ headersDistinct: { authorization: [`Bearer ${bearer}`] } })).subject,
    's',
  )
  assert.deepEqual(asked, ['/auth/jwks.json', '/.well-known/openid-configuration'])
  server.close()
})

test('issuer.audiences, algorithms, groupsClaim and usernameClaim apply to a bearer token', async () => {
  const core = await memory('')
  const token = await core.bearer(ALICE, { roles: ['role-group'], nick: 'al' })
  const caller = (change: object) => {
    const issuer = { ...(core.deps.config.issuer as NonNullable<typeof core.deps.config.issuer>), ...change }
    const authenticator = new Authenticator({ ...core.deps.config, issuer }, Date.now)
    return authenticator.authenticate({ headersDistinct: { authorization: [`Bearer ${token}`] } })
  }
  await assert.rejects(caller({ audiences: ['other'] }), { reason: 'token-invalid' })
  await assert.rejects(caller({ algorithms: ['RS256'] }), { reason: 'token-invalid' })
  assert.deepEqual([...(await caller({ groupsClaim: 'roles' })).groups], ['role-group'])
  assert.equal((await caller({ usernameClaim: 'nick' })).username, 'al')
  assert.equal((await caller({ usernameClaim: 'absent' })).username, 'sub-alice')
  await core.close()
})

test('access.clockSkewSeconds is the tolerated clock difference', async () => {
  const core = await memory('')
  const token = await core.bearer(ALICE, { exp: now() - 10 })
  const caller = (clockSkewSeconds: number) => {
    const authenticator = new Authenticator(
      { ...core.deps.config, access: { ...core.deps.config.access, clockSkewSeconds } },
      Date.now,
    )
    return authenticator.authenticate({ headersDistinct: { authorization: [`Bearer ${token}`] } })
  }
  assert.equal((await caller(30)).subject, 'sub-alice')
  await assert.rejects(caller(5), { reason: 'token-invalid' })
  await core.close()
})

test('jobs.userIs is what the user of a job is compared with', async () => {
  for (const [userIs, right, wrong, unknown] of [
    ['username', 'alice', 'bob', 'sub-alice'],
    ['subject', 'sub-alice', 'sub-bob', 'alice'],
  ] as const) {
    const core = await memory(`jobs: { userIs: ${userIs} }`)
    const made = await core
      .as(ALICE)
      .post(PATH)
      .set('AOA-Project-ID', ALPHA)
      .send(newConnection('own', { personal: true }))
    const job = (user: string) =>
      core.as(SERVICE).get(`${PATH}/${made.body.id}/job`).query({ user }).set('AOA-Project-ID', ALPHA)
    assert.equal((await job(right)).status, 200)
    await core.as(BOB).get(PATH).set('AOA-Project-ID', ALPHA)
    assert.equal((await job(wrong)).status, 404)
    assert.equal((await job(unknown)).body.reason, 'user-not-in-project')
    await core.close()
  }
})

test('limits.bodyBytes and limits.credentialBytes are enforced', async () => {
  const core = await memory('limits: { bodyBytes: 65536, credentialBytes: 64 }')
  const post = (body: object) => core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(body)
  assert.equal((await post(newConnection('x', { description: 'x'.repeat(70_000) }))).body.reason, 'body-too-large')
  const credentials = { username: 'u', password: 'p'.repeat(65) }
  assert.equal((await post(newConnection('x', { credentials }))).body.errors[0].path, 'credentials.password')
  await core.close()
})

test('log.requests selects which requests are logged', async () => {
  const count = async (requests: string) => {
    const core = await memory(`log: { requests: ${requests} }`)
    await core.as(ALICE).get('/api/projects')
    await core.as(ALICE).get('/api/projects?size=0')
    await core.close()
    return core.logged().match(/"event":"request"/g)?.length ?? 0
  }
  assert.deepEqual([await count('all'), await count('refused'), await count('none')], [2, 1, 0])
})

test('a SQLite file is readable by its owner only, and a backup has the same content', async () => {
  const file = join(folder, 'core.db')
  const core = await startCoreUnderTest(signer, `sqlite:${file}`)
  const made = await core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(newConnection('saved'))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const copy = join(folder, 'copy.db')
  backupSqlite(file, copy)
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  await core.close()
  const config = { url: `sqlite:${copy}`, connections: 1, timeoutSeconds: 1 }
  const storage = await openStorage(config, silent)
  const rows = await storage.db.selectFrom('connections').select('id').execute()
  assert.deepEqual(
    rows,
    [{ id: made.body.id }].map((row) => Object.assign(Object.create(null), row)),
  )
  await storage.close()
  assert.throws(() => backupSqlite(join(folder, 'none.db'), copy), /expected a database/)
})

test('storage.timeoutSeconds limits the wait for a database that another process has locked', async () => {
  const file = join(folder, 'locked.db')
  const core = await startCoreUnderTest(signer, `sqlite:${file}`, '')
  const { DatabaseSync } = await import('node:sqlite')
  using other = new DatabaseSync(file)
  other.exec('begin immediate')
  const impatient = await openStorage({ ...core.deps.config.storage, timeoutSeconds: 1 }, silent)
  const startedAt = Date.now()
  await assert.rejects(new DefaultConnections(impatient.db).set(ALPHA, 's', ALPHA), StorageDown)
  assert.ok(Date.now() - startedAt >= 900 && Date.now() - startedAt < 2900)
  await impatient.close()
  other.exec('rollback')
  await core.close()
})

test('the service starts only with a token that decrypts the stored credentials, and stops cleanly', async () => {
  const file = join(folder, 'started.db')
  const core = await startCoreUnderTest(signer, `sqlite:${file}`)
  await core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(newConnection('kept'))
  await core.close()
  const base = coreConfig(signer, `sqlite:${file}`, 'server: { listen: "127.0.0.1:0", drainSeconds: 0 }')
  const withTokens = (token: string, previousTokens: string[]) => ({ ...base, encryption: { token, previousTokens } })
  await assert.rejects(
    startCore(withTokens('another-token-of-32-characters', []), silent, Date.now),
    ConfigurationError,
  )
  for (const config of [base, withTokens('another-token-of-32-characters', [TOKEN])]) {
    const service = await startCore(config, silent, Date.now)
    assert.equal((await fetch(`${service.url}/readyz`)).status, 200)
    await service.close()
    await assert.rejects(fetch(`${service.url}/readyz`))
  }
})

test('a short encryption token causes a warning', async () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const base = coreConfig(signer, 'sqlite::memory:', 'server: { listen: "127.0.0.1:0" }')
  for (const token of ['short', 'a-token-that-is-long-enough']) {
    const service = await startCore({ ...base, encryption: { token, previousTokens: [] } }, log, Date.now)
    await service.close()
  }
  assert.equal(lines.filter((line) => line.includes('weak-token')).length, 1)
  assert.ok(!lines.join('').includes('short'))
})
