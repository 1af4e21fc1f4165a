import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { pino } from 'pino'
import request from 'supertest'
import { buildAdminServer } from '../../../../src/gateway/admin/admin-server.ts'
import { buildMetrics } from '../../../../src/gateway/observability/metrics.ts'
import { StoreDown } from '../../../../src/gateway/sessions/stores/backend.ts'
import { type ConsoleKit, startConsole } from '../console/kit.ts'
import { type Gateway, login } from '../sessions/kit.ts'

const TOKEN = 'the-token-of-the-administrators'
const tokenHash = createHash('sha256').update(TOKEN).digest('hex')
const metrics = buildMetrics({ issuerReady: () => true, projects: () => 1 })
const exposition = () => metrics.registry.metrics()

let kit: ConsoleKit
let gateway: Gateway
beforeEach(() => {
  kit = startConsole({ server: { adminTokenHash: tokenHash } })
  gateway = kit.gateway
})

const log = pino({ level: 'silent' })

function listener() {
  const { config, clock } = kit.deps
  const administration = () => ({ config, sessions: gateway.sessions, console: kit.console })
  return buildAdminServer({ exposition, administration, clock, log, metrics })
}

const bearer = { authorization: `Bearer ${TOKEN}` }
const ask = (path: string) => request(listener()).get(path).set(bearer)
const end = (path: string) => request(listener()).delete(path).set(bearer)
const bob = { principal: { ...login().principal, subject: 'bob-sub', username: 'bob' } }

test('lists sessions newest first, without tokens or cookies', async () => {
  const { cookie } = await gateway.signIn({ userAgent: 'Firefox' })
  await gateway.signIn(bob)
  const { body, text, status, headers } = await ask('/sessions')
  assert.deepEqual([status, body.total, headers['cache-control']], [200, 2, 'no-store'])
  assert.deepEqual(
    body.sessions.map(({ username }: { username: string }) => username),
    ['bob', 'alice'],
  )
  assert.equal(body.sessions[1].user_agent, 'Firefox')
  for (const secret of ['access-1', 'refresh-1', 'id-1', cookie.slice(30)]) assert.ok(!text.includes(secret))
})

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

test('lists the address of the sign-in, and a short form of the browser', async () => {
  await gateway.signIn({ userAgent: CHROME, clientAddress: '192.0.2.7' })
  await gateway.signIn({ userAgent: 'unheard-of/1' })
  const { body } = await ask('/sessions')
  const shown = body.sessions.map((each: Record<string, unknown>) => [
    each.client_address,
    each.device,
    each.user_agent,
  ])
  assert.deepEqual(shown, [
    [null, null, 'unheard-of/1'],
    ['192.0.2.7', 'Chrome 141 on Windows', CHROME],
  ])
})

test('finds sessions by user, address and browser, in pages', async () => {
  await gateway.signIn({ userAgent: CHROME, clientAddress: '192.0.2.7' })
  for (let n = 0; n < 3; n++) await gateway.signIn({ ...bob, clientAddress: '198.51.100.1' })
  const totalOf = async (search: string) => (await ask(`/sessions?search=${encodeURIComponent(search)}`)).body.total
  for (const [search, total] of [
    ['ALICE', 1],
    ['bob-sub', 3],
    ['192.0.2', 1],
    ['chrome 141', 1],
    [' bob ', 3],
    ['nobody', 0],
    ['', 4],
    ['%', 0],
  ] as const)
    assert.equal(await totalOf(search), total, search)
  const { body } = await ask('/sessions?search=bob&offset=2&limit=2')
  assert.deepEqual([body.total, body.sessions.length, body.searched], [3, 1, 4])
})

test('lists in pages', async () => {
  for (let n = 0; n < 3; n++) await gateway.signIn()
  const { body } = await ask('/sessions?offset=2&limit=2')
  assert.deepEqual([body.total, body.sessions.length], [3, 1])
})

test('ends one session by its key, and the others live', async () => {
  const first = await gateway.signIn()
  const second = await gateway.signIn()
  assert.deepEqual((await end(`/sessions/${first.session.key}`)).body, { ended: 1 })
  assert.equal((await end(`/sessions/${first.session.key}`)).status, 404)
  assert.equal(await gateway.sessions.load(first.cookie), undefined)
  assert.ok(await gateway.sessions.load(second.cookie))
})

test('ends every session of a person and nobody else’s', async () => {
  const alice = [await gateway.signIn(), await gateway.signIn()]
  const other = await gateway.signIn(bob)
  const { body } = await end('/sessions?issuer=https://sso.example&subject=alice-sub')
  assert.deepEqual(body, { ended: 2 })
  for (const { cookie } of alice) assert.equal(await gateway.sessions.load(cookie), undefined)
  assert.ok(await gateway.sessions.load(other.cookie))
  assert.equal(kit.recorded.at(-1)?.event, 'session-ended-by-admin')
})

test('ends every session there is, and says by whom it was asked', async () => {
  const cookies = [await gateway.signIn(), await gateway.signIn(bob)].map(({ cookie }) => cookie)
  for (const query of ['all=', 'all=false', 'all=true&issuer=https://sso.example&subject=alice-sub']) {
    assert.equal((await end(`/sessions?${query}`)).status, 400, query)
  }
  assert.deepEqual((await end('/sessions?all=true')).body, { ended: 2 })
  for (const cookie of cookies) assert.equal(await gateway.sessions.load(cookie), undefined)
  const { event, action, ended, client } = kit.recorded.at(-1) ?? {}
  assert.deepEqual([event, action, ended], ['session-ended-by-admin', 'session.end-all', 2])
  assert.match(client ?? '', /127\.0\.0\.1|::1/)
})

for (const authorization of [
  '',
  'Bearer wrong',
  `Basic ${TOKEN}`,
  `Bearer ${tokenHash}`,
  `Bearer ${TOKEN} `.concat('x'),
]) {
  test(`refuses Authorization "${authorization.slice(0, 12)}…" (${authorization.length}) and ends nothing`, async () => {
    const { session, cookie } = await gateway.signIn()
    for (const asked of [
      request(listener()).get('/sessions'),
      request(listener()).delete(`/sessions/${session.key}`),
      request(listener()).delete('/sessions?issuer=https://sso.example&subject=alice-sub'),
    ]) {
      const { status, headers, text } = await asked.set({ authorization })
      assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer'])
      assert.ok(!text.includes('alice'))
      assert.equal(kit.recorded.at(-1)?.event, 'admin-refused')
    }
    assert.ok(await gateway.sessions.load(cookie))
  })
}

const malformed = [
  `/sessions?search=${'x'.repeat(201)}`,
  '/sessions?limit=201',
  '/sessions?limit=-1',
  '/sessions?offset=x',
  '/sessions?limit=1e2',
]
for (const path of malformed) test(`refuses ${path}`, async () => assert.equal((await ask(path)).status, 400))

test('refuses to end sessions of nobody in particular', async () => {
  await gateway.signIn()
  for (const query of ['', '?issuer=https://sso.example', '?subject=alice-sub', '?issuer=&subject=']) {
    assert.equal((await end(`/sessions${query}`)).status, 400, query)
  }
  assert.equal((await ask('/sessions')).body.total, 1)
})

test('without adminTokenHash there is no administration, and metrics stay', async () => {
  kit = startConsole()
  const plain = () => request(listener())
  for (const path of ['/', '/console', '/console/sign-in', '/sessions'])
    assert.equal((await plain().get(path).set(bearer)).status, 404)
  assert.equal((await plain().get('/metrics')).status, 200)
})

test('a token that is guessed is limited for its address, and then even the right one has to wait', async () => {
  const guess = () => request(listened).get('/sessions').set({ authorization: 'Bearer wrong' })
  const listened = listener()
  for (let n = 0; n < 30; n++) assert.equal((await guess()).status, 401)
  const { status, headers } = await guess()
  assert.equal(status, 429)
  assert.ok(Number(headers['retry-after']) > 0)
  assert.equal((await request(listened).get('/sessions').set(bearer)).status, 429)
  gateway.clock.advance(61)
  assert.equal((await request(listened).get('/sessions').set(bearer)).status, 200)
})

test('the right token is never limited', async () => {
  const listened = listener()
  for (let n = 0; n < 40; n++) assert.equal((await request(listened).get('/sessions').set(bearer)).status, 200)
})

test('a store that is down is said, not hidden', async () => {
  gateway.backend.list = () => Promise.reject(new TypeError('a bug'))
  assert.equal((await ask('/sessions')).status, 500)
})

test('what ended before the store failed is recorded', async () => {
  for (let n = 0; n < 3; n++) await gateway.signIn({ ...bob })
  const endOne = gateway.backend.end.bind(gateway.backend)
  let left = 2
  gateway.backend.end = (key) => (left-- > 0 ? endOne(key) : Promise.reject(new StoreDown('no connection')))
  assert.equal((await end('/sessions?all=true')).status, 503)
  const { event, action, ended } = kit.recorded.at(-2) ?? {}
  assert.deepEqual([event, action, ended], ['session-ended-by-admin', 'session.end-all', 2])
})

test('ends nothing that cannot be recorded, if the configuration says so', async () => {
  kit = startConsole({ server: { adminTokenHash: tokenHash } }, {}, () => false)
  gateway = kit.gateway
  const { session } = await gateway.signIn()
  for (const path of [
    `/sessions/${session.key}`,
    '/sessions?all=true',
    '/sessions?issuer=https://sso.example&subject=alice-sub',
  ]) {
    const { status, body } = await end(path)
    assert.deepEqual([status, body.reason], [503, 'audit-unavailable'], path)
  }
  assert.equal((await ask('/sessions')).body.total, 1)
})
