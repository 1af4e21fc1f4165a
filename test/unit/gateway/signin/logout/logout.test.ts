import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Sessions } from '../../../../../src/gateway/sessions/sessions.ts'
import { StoreDown } from '../../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../../src/gateway/sessions/stores/memory.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../fake-issuer.ts'
import { type Browser, type LoginKit, PUBLIC, startLoginKit } from '../kit.ts'

let fake: FakeIssuer
let kit: LoginKit
let browser: Browser

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(async () => {
  fake.bent = unbent()
  kit = startLoginKit(fake)
  browser = kit.browser()
  await browser.login(fake)
})
after(() => fake.close())

/** The hidden fields of the page that goes on to the issuer. */
function fieldsOf(text: string): Record<string, string> {
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]))
}

test('signing out ends the session in the store, clears the cookies and continues at the issuer with POST', async () => {
  const cookie = browser.cookieHeader
  const response = await browser.post('/auth/logout')
  assert.equal(response.status, 200)
  assert.equal(await kit.deps.sessions.load(cookie), undefined)
  assert.equal(browser.hasSession, false)
  assert.ok((response.get('Set-Cookie') ?? []).includes('_token=; Path=/airflow/; Max-Age=0'))
  assert.ok(response.text.includes(`<form class="actions" method="post" action="${fake.url}/logout">`))
  const { id_token_hint, ...fields } = fieldsOf(response.text)
  assert.equal(id_token_hint?.split('.').length, 3)
  assert.deepEqual(fields, { client_id: 'gateway', post_logout_redirect_uri: `${PUBLIC}/auth/signed-out` })
  assert.ok(response.get('content-security-policy')?.includes(fake.url))
  assert.equal(response.get('cache-control'), 'no-store')
})

test('GET shows a confirmation and changes nothing', async () => {
  const response = await browser.open('/auth/logout?return_to=/mlflow/')
  assert.equal(response.status, 200)
  assert.deepEqual(fieldsOf(response.text), { return_to: '/mlflow/' })
  assert.ok(await kit.deps.sessions.load(browser.cookieHeader))
  const hostile = await browser.open('/auth/logout?return_to=//evil.example')
  assert.deepEqual(fieldsOf(hostile.text), { return_to: '/' })
})

const foreign: [string, Record<string, string>][] = [
  ['another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['another origin, of an old browser', { origin: 'https://evil.example', 'sec-fetch-site': '' }],
  ['a sibling host', { origin: 'https://evil.o.example', 'sec-fetch-site': 'same-site' }],
  ['our host over http', { origin: 'http://o.example', 'sec-fetch-site': 'cross-site' }],
  ['a hidden origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a hidden origin, of an old browser', { origin: 'null', 'sec-fetch-site': '' }],
]
for (const [name, headers] of foreign) {
  test(`a form of ${name} signs nobody out and selects no project`, async () => {
    for (const path of ['/auth/logout', '/auth/project']) {
      const response = await browser.post(path, { project: '' }, headers)
      assert.equal(response.status, 403, path)
      assert.ok(response.text.includes('<code>cross-origin</code>'))
    }
    assert.ok(await kit.deps.sessions.load(browser.cookieHeader))
  })
}

test('a user interface of cors.allowedOrigins may sign out', async () => {
  const response = await browser.post(
    '/auth/logout',
    {},
    { origin: 'https://ui.example', 'sec-fetch-site': 'cross-site' },
  )
  assert.equal(response.status, 200)
  assert.equal(browser.hasSession, false)
})

test('a return address is kept through the issuer; a foreign or missing state ends at the default page', async () => {
  const response = await browser.post('/auth/logout', { return_to: '/mlflow/#/x' })
  const { state = '' } = fieldsOf(response.text)
  assert.ok(state && !Buffer.from(state, 'base64url').toString('latin1').includes('mlflow'))
  const landed = await browser.open(`/auth/signed-out?state=${state}`)
  assert.equal(landed.get('location'), '/mlflow/#/x')
  for (const query of ['', '?state=foreign', '?state=a&state=b', `?state=${state.slice(0, -2)}`]) {
    assert.equal((await browser.open(`/auth/signed-out${query}`)).status, 200)
  }
})

test('a hostile return address is ignored', async () => {
  await browser.post('/auth/logout')
  const response = await browser.post('/auth/logout', { return_to: 'https://evil.example/' })
  assert.equal(response.get('location'), '/')
})

test('signing out without a session shows the signed-out page', async () => {
  const stranger = kit.browser()
  const response = await stranger.post('/auth/logout')
  assert.equal(response.status, 303)
  assert.equal(response.get('location'), '/auth/signed-out')
})

test("while the issuer is down, signing out ends the session here and the page says that the issuer's session may remain", async () => {
  const sleeper = await startFakeIssuer()
  const other = startLoginKit(sleeper)
  const visitor = other.browser()
  await visitor.login(sleeper)
  const cookie = visitor.cookieHeader
  await sleeper.close()
  const response = await visitor.post('/auth/logout')
  assert.equal(response.get('location'), '/auth/signed-out?issuer=open')
  assert.equal(await other.deps.sessions.load(cookie), undefined)
  const page = await visitor.open('/auth/signed-out?issuer=open')
  assert.match(page.text, /may still be signed in there/)
  assert.doesNotMatch((await visitor.open('/auth/signed-out')).text, /may still be signed in there/)
})

/** Signs in at an issuer that revokes tokens. `token`: the one that it is asked to revoke. */
async function loginToRevoke(answer: { status?: number; body: object } | undefined, metadata: object = {}) {
  fake.bent.metadata = { revocation_endpoint: `${fake.url}/token`, ...metadata }
  kit = startLoginKit(fake)
  browser = kit.browser()
  await browser.login(fake)
  const asked = Promise.withResolvers<string | null | undefined>()
  fake.bent.token = () => {
    asked.resolve(fake.tokenRequests.at(-1)?.form.get('token'))
    return answer ?? new Promise(() => {}) // never answers
  }
  return { token: asked.promise }
}

const SCRIPT = { accept: 'application/json', 'sec-fetch-mode': 'cors' }
for (const [who, headers] of [
  ['a page', {}],
  ['a script', SCRIPT],
] as const) {
  test(`the refresh token is revoked when ${who} signs out`, async () => {
    const { token } = await loginToRevoke({ body: {} })
    assert.equal((await browser.post('/auth/logout', {}, headers)).status, 200)
    assert.equal(await token, 'refresh-token-1')
  })
}

test('at an issuer without end_session_endpoint the grant is revoked', async () => {
  const { token } = await loginToRevoke({ body: {} }, { end_session_endpoint: undefined })
  const response = await browser.post('/auth/logout')
  assert.equal(response.get('location'), '/auth/signed-out?issuer=open')
  assert.equal(await token, 'refresh-token-1')
})

for (const [what, answer] of [
  ['fails', { status: 500, body: {} }],
  ['never ends', undefined],
] as const) {
  test(`a revocation that ${what} does not delay the sign-out`, async () => {
    const { token } = await loginToRevoke(answer)
    const cookie = browser.cookieHeader
    assert.equal((await browser.post('/auth/logout')).status, 200)
    assert.equal(await kit.deps.sessions.load(cookie), undefined)
    await token
  })
}

test('a sign-out that the store cannot save is reported as failed, and the cookie stays', async () => {
  const backend = new MemoryBackend(Date.now)
  const { config, log } = kit.deps
  const sessions = new Sessions({ config, backend, log, clock: Date.now })
  kit = startLoginKit(fake, {}, { sessions })
  browser = kit.browser()
  await browser.login(fake)
  backend.end = () => Promise.reject(new StoreDown('gone'))
  const response = await browser.post('/auth/logout')
  assert.equal(response.status, 503)
  assert.equal(response.get('retry-after'), '5')
  assert.ok(response.text.includes('<code>store-down</code>'))
  assert.equal(response.get('Set-Cookie'), undefined)
  assert.ok(browser.hasSession)
})

test('while the store is down, the callback shows a page to try again, and the sign-in is not used up', async () => {
  const backend = new MemoryBackend(Date.now)
  const { config, log } = kit.deps
  const sessions = new Sessions({ config, backend, log, clock: Date.now })
  kit = startLoginKit(fake, {}, { sessions })
  browser = kit.browser()
  const { callback } = await browser.startLogin(fake)
  const claimOnce = backend.claimOnce.bind(backend)
  backend.claimOnce = () => Promise.reject(new StoreDown('gone'))
  const requests = fake.tokenRequests.length
  const response = await browser.open(callback())
  assert.equal(response.status, 503)
  assert.equal(response.get('retry-after'), '5')
  assert.equal(fake.tokenRequests.length, requests, 'the code was not redeemed')
  backend.claimOnce = claimOnce
  assert.equal((await browser.open(callback())).status, 303)
})

test('a script that signs out gets JSON', async () => {
  const script = { accept: 'application/json', 'sec-fetch-mode': 'cors' }
  const response = await browser.post('/auth/logout', {}, script)
  assert.deepEqual(response.body, { signed_out: true })
  assert.equal(browser.hasSession, false)
})

test('a sign-out is logged with the user and without the session ID', async () => {
  const cookie = [...browser.cookies.values()][0] ?? 'none'
  await browser.post('/auth/logout')
  const line = kit.logged.find(({ event }) => event === 'logout')
  assert.equal(line?.subject, 'alice-sub')
  assert.ok(!JSON.stringify(kit.logged).includes(cookie.split('.')[0] ?? 'none'))
})

test('signing out everywhere ends every session of the user, and of no other user', async () => {
  const kit = startLoginKit(fake)
  const [here, there, bob] = [kit.browser(), kit.browser(), kit.browser()]
  await here.login(fake)
  await there.login(fake)
  fake.bent = { ...unbent(), claims: { sub: 'bob-sub' } }
  await bob.login(fake)
  fake.bent = unbent()
  const { cookieHeader: thereCookie } = there
  const { cookieHeader: bobCookie } = bob
  assert.match((await here.open('/')).text, /action="\/auth\/logout-everywhere"/)
  const response = await here.post('/auth/logout-everywhere')
  assert.equal(response.status, 200)
  assert.equal(here.hasSession, false)
  assert.equal(await kit.deps.sessions.load(thereCookie), undefined)
  assert.ok(await kit.deps.sessions.load(bobCookie))
})

test('a page on another site cannot sign a user out everywhere', async () => {
  const kit = startLoginKit(fake)
  const browser = kit.browser()
  await browser.login(fake)
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  assert.equal((await browser.post('/auth/logout-everywhere', {}, foreign)).status, 403)
  assert.equal((await browser.open('/auth/logout-everywhere')).status, 405)
  assert.ok(await kit.deps.sessions.load(browser.cookieHeader))
})

test('a sign-out needs no issuer, even when the access token has expired', async () => {
  const sleeper = await startFakeIssuer()
  kit = startLoginKit(sleeper)
  browser = kit.browser()
  await browser.login(sleeper)
  const { cookieHeader } = browser
  await sleeper.close()
  kit.clock.ahead = 3_000_000
  assert.equal((await browser.open('/')).status, 503)
  assert.match((await browser.open('/auth/logout')).text, /Sign out\?/)
  const response = await browser.post('/auth/logout')
  assert.equal(response.get('location'), '/auth/signed-out?issuer=open')
  assert.equal(browser.hasSession, false)
  assert.equal(await kit.deps.sessions.find(cookieHeader), undefined)
})

test('signing out does not refresh tokens that nobody will use', async () => {
  kit.clock.ahead = 280_000
  fake.tokenRequests.length = 0
  assert.equal((await browser.post('/auth/logout')).status, 200)
  assert.equal(fake.tokenRequests.length, 0)
})
