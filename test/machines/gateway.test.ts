import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { Browser } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** Machines as clients of the whole gateway, with the embedded issuer. */
let kit: Kit
/** The same with the client as a service user. */
let service: Kit

const ROUTES = [
  { name: 'notes', app: 'generic', path: '/notes', access: 'project', basicCredentials: true },
  { name: 'core', app: 'core', path: '/core', access: 'project' },
  { name: 'lobby', app: 'generic', path: '/lobby', access: 'login' },
]

before(async () => {
  kit = await startKit({ routes: ROUTES })
  service = await startKit({ routes: ROUTES, config: { access: { serviceUsers: [CI_CLIENT.id] } } })
})
after(() => Promise.all([kit.close(), service.close()]))
beforeEach(() => {
  kit.logged.length = 0
  service.logged.length = 0
})

const BASIC = `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`

async function machineToken({ issuer }: Kit): Promise<string> {
  const init = {
    method: 'POST',
    headers: { authorization: BASIC },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  }
  const response: { access_token: string } = JSON.parse(await (await fetch(`${issuer.url}/token`, init)).text())
  return response.access_token
}

const ask = (at: Kit, path: string, headers: Record<string, string> = {}) => fetch(`${at.url}${path}`, { headers })
const reasonOf = async (response: Response) => [response.status, JSON.parse(await response.text()).reason]
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('a machine reaches its project; its token is forwarded to the core API only', async () => {
  const token = await machineToken(kit)
  assert.equal((await ask(kit, '/notes/x', bearer(token))).status, 200)
  assert.deepEqual(kit.upstream.lastValues('AOA-Project-ID'), [ALPHA])
  assert.deepEqual(kit.upstream.lastValues('Authorization'), [])
  assert.deepEqual(kit.upstream.lastValues('X-Forwarded-User'), ['service-account-ci-service'])
  assert.equal((await ask(kit, '/core/x', bearer(token))).status, 200)
  assert.deepEqual(kit.upstream.lastValues('Authorization'), [`Bearer ${token}`])
})

test('a machine that is not a service user stays in its project', async () => {
  const headers = { ...bearer(await machineToken(kit)), 'AOA-Project-ID': BETA }
  assert.deepEqual(await reasonOf(await ask(kit, '/notes/x', headers)), [403, 'not-in-project'])
})

test('a service user acts in the project that the header names, and is logged as a machine', async () => {
  const token = await machineToken(service)
  assert.equal((await ask(service, '/notes/x', { ...bearer(token), 'AOA-Project-ID': BETA })).status, 200)
  assert.deepEqual(service.upstream.lastValues('AOA-Project-ID'), [BETA])
  const line = service.logged.find(({ event }) => event === 'allowed')
  assert.deepEqual(
    [line?.kind, line?.role, line?.project, line?.user],
    ['machine', 'admin', BETA, 'service-account-ci-service'],
  )
  assert.deepEqual(await reasonOf(await ask(service, '/notes/x', bearer(token))), [400, 'project-missing'])
  assert.ok(!JSON.stringify(service.logged).includes(token.split('.')[2] ?? ''))
})

test('a machine in the admin group is an administrator', async () => {
  const admins = await startKit({ routes: ROUTES, config: { access: { adminGroup: 'project-alpha' } } })
  try {
    const headers = { ...bearer(await machineToken(admins)), 'AOA-Project-ID': BETA }
    assert.equal((await ask(admins, '/notes/x', headers)).status, 200)
  } finally {
    await admins.close()
  }
})

test('Basic credentials identify a machine on a route with basicCredentials; the upstream never receives them', async () => {
  assert.equal((await ask(kit, '/notes/x', { authorization: BASIC })).status, 200)
  assert.deepEqual(kit.upstream.lastValues('Authorization'), [])
  assert.deepEqual(await reasonOf(await ask(kit, '/core/x', { authorization: BASIC })), [401, 'token-invalid'])
  const wrong = await ask(kit, '/notes/x', { authorization: `Basic ${btoa(`${CI_CLIENT.id}:wrong`)}` })
  assert.equal(wrong.headers.get('www-authenticate'), 'Basic realm="modelops", charset="UTF-8"')
  assert.deepEqual(await reasonOf(wrong), [401, 'token-invalid'])
})

test('an invalid token is a 401 with its error and never a redirect', async () => {
  const token = await machineToken(kit)
  const bad = await ask(kit, '/notes/x', { ...bearer(`${token.slice(0, -8)}AAAAAAAA`), accept: 'text/html' })
  assert.equal(bad.status, 401)
  const challenge = (path: string) =>
    `Bearer error="invalid_token", resource_metadata="${kit.url}/.well-known/oauth-protected-resource${path}"`
  assert.equal(bad.headers.get('www-authenticate'), challenge('/notes'))
  const script = await ask(kit, '/auth/session', bearer('nonsense'))
  assert.equal(script.headers.get('www-authenticate'), challenge(''))
  assert.deepEqual(await reasonOf(script), [401, 'token-invalid'])
})

test('cookie and token together must name the same subject', async () => {
  const browser = await signedInBrowser(kit, 'bob')
  const cookie = browser.cookieHeader(new URL(kit.url))
  const machine = await machineToken(kit)
  const mixed = await ask(kit, '/notes/x', { ...bearer(machine), cookie })
  assert.deepEqual(await reasonOf(mixed), [400, 'credentials-ambiguous'])
  await ask(kit, '/core/x', { cookie })
  const [own = ''] = kit.upstream.lastValues('Authorization')
  assert.equal((await ask(kit, '/notes/x', { authorization: own, cookie })).status, 200)
})

test('opaque tokens are introspected if the configuration enables it', async () => {
  const opaque = await startKit({
    routes: ROUTES,
    issuer: { accessTokens: 'opaque' },
    config: { issuer: { introspection: true, audiences: ['ci-service'] } },
  })
  try {
    const token = await machineToken(opaque)
    assert.ok(!token.includes('.'))
    assert.equal((await ask(opaque, '/lobby/x', bearer(token))).status, 200)
    assert.deepEqual(await reasonOf(await ask(opaque, '/lobby/x', bearer(`${token}x`))), [401, 'token-invalid'])
  } finally {
    await opaque.close()
  }
})

test('10,000 requests with one token cost one signature check', { timeout: 120_000 }, async (t) => {
  const token = await machineToken(kit)
  const checks = mock.method(globalThis.crypto.subtle, 'verify').mock
  const startedAt = performance.now()
  for (let i = 0; i < 100; i += 1) {
    const responses = await Promise.all(Array.from({ length: 100 }, () => ask(kit, '/notes/x', bearer(token))))
    assert.ok(responses.every(({ status }) => status === 200))
    await Promise.all(responses.map((each) => each.body?.cancel()))
  }
  const seconds = (performance.now() - startedAt) / 1000
  const count = checks.callCount()
  mock.restoreAll()
  t.diagnostic(`10,000 requests in ${seconds.toFixed(1)} s, ${count} signature checks`)
  // The result of a check is cached for one minute.
  assert.ok(count <= 1 + Math.floor(seconds / 60))
})

test('a session near the end of its token is refreshed once for 200 requests at a time', async (t) => {
  const browser = await signedInBrowser(kit, 'bob')
  const cookie = browser.cookieHeader(new URL(kit.url))
  await ask(kit, '/core/x', { cookie })
  const [previous] = kit.upstream.lastValues('Authorization')
  const before = kit.issuer.refreshGrants
  kit.clock.ahead = 301_000
  try {
    const responses = await Promise.all(Array.from({ length: 200 }, () => ask(kit, '/core/x', { cookie })))
    assert.ok(responses.every(({ status }) => status === 200))
    t.diagnostic(`${kit.issuer.refreshGrants - before} refresh for ${responses.length} requests`)
    assert.equal(kit.issuer.refreshGrants - before, 1)
    const [next] = kit.upstream.lastValues('Authorization')
    assert.notEqual(next, previous)
  } finally {
    kit.clock.ahead = 0
  }
})

test('while the issuer is unavailable, known callers continue and new ones are denied', async () => {
  const own = await startKit({ routes: ROUTES })
  try {
    const cookie = (await signedInBrowser(own, 'bob')).cookieHeader(new URL(own.url))
    const [known, unseen] = [await machineToken(own), await machineToken(own)]
    assert.equal((await ask(own, '/notes/x', bearer(known))).status, 200)
    assert.equal((await ask(own, '/notes/x', { authorization: BASIC })).status, 200)
    await own.issuer.close()
    const statuses = async () => ({
      session: (await ask(own, '/notes/x', { cookie })).status,
      core: (await ask(own, '/core/x', { cookie })).status,
      known: (await ask(own, '/notes/x', bearer(known))).status,
      unseen: (await ask(own, '/notes/x', bearer(unseen))).status,
      basic: (await ask(own, '/notes/x', { authorization: BASIC })).status,
      newSecret: (await ask(own, '/notes/x', { authorization: `Basic ${btoa('other:secret')}` })).status,
    })
    const works = { session: 200, core: 200, known: 200, unseen: 200, basic: 200, newSecret: 503 }
    assert.deepEqual(await statuses(), works)
    own.clock.ahead = 241_000 // closer to the expiry of the tokens than they are cached
    assert.deepEqual(await statuses(), works)
    own.clock.ahead = 361_000 // the tokens have expired beyond the clock tolerance; sessions are in their grace period, without a token for the core API
    const expired = { session: 200, core: 503, known: 401, unseen: 401, basic: 503, newSecret: 503 }
    assert.deepEqual(await statuses(), expired)
    own.clock.ahead = 901_000 // the grace period has ended
    assert.deepEqual(await statuses(), { ...expired, session: 503 })
  } finally {
    await own.gateway.close()
    await own.upstream.close()
  }
})

test('a sign-in while the issuer is unavailable shows an error page, and works afterwards', async () => {
  const own = await startKit({ routes: ROUTES })
  try {
    own.issuer.tokenEndpoint = 'server-error'
    const browser = new Browser()
    const form = await browser.open(`${own.url}/lobby/`)
    const page = await browser.submit(form, { username: 'bob', password: 'bob-pw' })
    assert.equal(page.status, 503)
    own.issuer.tokenEndpoint = 'normal'
    assert.equal((await browser.open(`${own.url}/lobby/`)).status, 200)
  } finally {
    await own.close()
  }
})
