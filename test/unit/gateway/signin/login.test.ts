import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import request from 'supertest'
import { LOGIN_SECONDS, loginCookiePrefix, PendingLogins } from '../../../../src/gateway/signin/login/pending-logins.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from './fake-issuer.ts'
import { type LoginKit, PUBLIC, SECRET, startLoginKit, testConfig } from './kit.ts'

let fake: FakeIssuer
let kit: LoginKit

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  kit = startLoginKit(fake)
})
after(() => fake.close())

const get = (path: string, headers: Record<string, string> = {}) =>
  request(kit.app)
    .get(path)
    .set({ host: 'o.example', ...headers })

test('the start of a sign-in redirects to the issuer with 303, code, PKCE S256, state and nonce', async () => {
  const response = await get('/auth/login?return_to=/mlflow/')
  assert.equal(response.status, 303)
  assert.equal(response.get('cache-control'), 'no-store')
  const url = new URL(response.get('location') ?? '')
  assert.equal(url.origin + url.pathname, `${fake.url}/authorize`)
  const { state, nonce, code_challenge, ...rest } = Object.fromEntries(url.searchParams)
  assert.deepEqual(rest, {
    client_id: 'gateway',
    response_type: 'code',
    redirect_uri: `${PUBLIC}/auth/callback`,
    scope: 'openid profile email',
    code_challenge_method: 'S256',
  })
  for (const random of [state, nonce, code_challenge]) assert.match(random ?? '', /^[\w-]{43}$/)
})

test('openid is always one of the scopes, and no scope is sent twice', async () => {
  kit = startLoginKit(fake, { issuer: { scopes: ['groups', 'openid'] } })
  const url = new URL((await get('/auth/login')).get('location') ?? '')
  assert.equal(url.searchParams.get('scope'), 'openid groups')
})

test('issuer.authorizationParameters are sent to the issuer', async () => {
  kit = startLoginKit(fake, { issuer: { authorizationParameters: { kc_idp_hint: 'corporate' } } })
  const url = new URL((await get('/auth/login?kc_idp_hint=another')).get('location') ?? '')
  assert.deepEqual(url.searchParams.getAll('kc_idp_hint'), ['corporate'])
})

test('every sign-in has its own values', async () => {
  const seen = new Set<string>()
  for (let i = 0; i < 5; i++) {
    const { searchParams } = new URL((await get('/auth/login')).get('location') ?? '')
    for (const name of ['state', 'nonce', 'code_challenge']) seen.add(searchParams.get(name) ?? '')
  }
  assert.equal(seen.size, 15)
})

test('the sign-in cookie is host-only, HttpOnly, Secure, Lax and lasts ten minutes', async () => {
  const [line = '', ...more] = (await get('/auth/login')).get('Set-Cookie') ?? []
  assert.equal(more.length, 0)
  assert.match(line, /^__Host-modelops_gateway_login_[\w-]{16}=[\w-]+; /)
  const attributes = line.split('; ').slice(1).sort()
  assert.deepEqual(attributes, ['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax', 'Secure'])
})

test('without https the cookie is neither Secure nor __Host-', async () => {
  kit = startLoginKit(fake, { server: { publicUrl: 'http://localhost:4180' } })
  const response = await request(kit.app).get('/auth/login').set('host', 'localhost:4180')
  const [line = ''] = response.get('Set-Cookie') ?? []
  assert.match(line, /^modelops_gateway_login_/)
  assert.ok(!line.includes('Secure'))
})

test('cookie.secure and cookie.name apply to sign-in cookies', async () => {
  kit = startLoginKit(fake, { server: { publicUrl: 'http://localhost:4180' }, cookie: { secure: true, name: 'gate' } })
  const response = await request(kit.app).get('/auth/login').set('host', 'localhost:4180')
  const [line = ''] = response.get('Set-Cookie') ?? []
  assert.match(line, /^__Host-gate_login_.*; Secure/)
})

test('a partitioned sign-in cookie reaches the callback in a frame', async () => {
  const server = { publicUrl: PUBLIC, frameAncestors: ['https://portal.example'] }
  kit = startLoginKit(fake, { server, cookie: { sameSite: 'none', partitioned: true } })
  const [line = ''] = (await get('/auth/login')).get('Set-Cookie') ?? []
  const attributes = line.split('; ').slice(1).sort()
  assert.deepEqual(attributes, ['HttpOnly', 'Max-Age=600', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure'])
})

test('neither the state nor the cookie reveals the return address', async () => {
  const response = await get('/auth/login?return_to=/mlflow/very-secret-path')
  const [line = ''] = response.get('Set-Cookie') ?? []
  const state = new URL(response.get('location') ?? '').searchParams.get('state') ?? ''
  for (const text of [
    line,
    state,
    Buffer.from(line, 'base64url').toString('latin1'),
    Buffer.from(state, 'base64url').toString('latin1'),
  ]) {
    assert.ok(!text.includes('secret'))
  }
  assert.ok(!(response.get('location') ?? '').includes('secret'))
})

test('Host and X-Forwarded-Host are not used in a URL', async () => {
  const response = await get('/auth/login', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' })
  const url = new URL(response.get('location') ?? '')
  assert.equal(url.searchParams.get('redirect_uri'), `${PUBLIC}/auth/callback`)
})

test("on a route's host the sign-in moves to publicUrl first and returns to that host", async () => {
  const response = await request(kit.app).get('/auth/login?return_to=/v1/projects').set('host', 'api.example')
  assert.equal(response.status, 303)
  const back = encodeURIComponent('https://api.example/v1/projects')
  assert.equal(response.get('location'), `${PUBLIC}/auth/login?return_to=${back}`)
  assert.equal(response.get('Set-Cookie'), undefined)

  const browser = kit.browser()
  const arrived = await browser.login(fake, 'https://api.example/v1/projects')
  assert.equal(arrived.get('location'), 'https://api.example/v1/projects')
})

test('a return address that is sent twice is ignored', async () => {
  const browser = kit.browser()
  const response = await browser.open('/auth/login?return_to=/mlflow/&return_to=/airflow/')
  const authorization = new URL(response.get('location') ?? '')
  const state = authorization.searchParams.get('state') ?? ''
  const answer = new URLSearchParams({ code: fake.issue(authorization), state, iss: fake.url })
  assert.equal((await browser.open(`/auth/callback?${answer}`)).get('location'), '/')
})

test('a browser that navigates gets a page that keeps the fragment and continues without a script too', async () => {
  const response = await get('/auth/login?return_to=/mlflow/%3Fx%3D%22%26', {
    'sec-fetch-mode': 'navigate',
    accept: 'text/html',
  })
  assert.equal(response.status, 200)
  assert.equal(response.get('cache-control'), 'no-store')
  assert.equal(response.get('referrer-policy'), 'no-referrer')
  assert.equal(response.get('Set-Cookie'), undefined)
  const target = /<noscript><meta http-equiv="refresh" content="0;url=([^"]+)">/
    .exec(response.text)?.[1]
    ?.replaceAll('&amp;', '&')
  assert.ok(target?.includes('start=1'))
  const started = await get(target ?? '', { 'sec-fetch-mode': 'navigate' })
  assert.equal(started.status, 303)
})

test('the page with the fragment never continues to a hostile address', async () => {
  const response = await get('/auth/login?return_to=//evil.example', { 'sec-fetch-mode': 'navigate' })
  assert.ok(!response.text.includes('evil'))
})

test('fifty unfinished sign-ins leave five cookies of less than 4 kB in total, and the newest still works', async () => {
  const browser = kit.browser()
  let last = await browser.startLogin(fake, `/mlflow/?x=${'y'.repeat(50)}`)
  for (let i = 0; i < 50; i++) {
    kit.clock.ahead += 1000
    last = await browser.startLogin(fake, `/mlflow/?x=${'y'.repeat(50)}`)
  }
  assert.equal(browser.loginCookies.length, 5)
  assert.ok(browser.cookieHeader.length < 4096)
  assert.equal((await browser.open(last.callback())).status, 303)
  assert.equal(browser.loginCookies.length, 4)
})

test('long return addresses leave fewer cookies, never more than 4 kB in total', async () => {
  const browser = kit.browser()
  for (let i = 0; i < 5; i++) {
    kit.clock.ahead += 1000
    const { callback } = await browser.startLogin(fake, `/${'y'.repeat(2047)}`)
    assert.ok(browser.cookieHeader.length < 4096)
    if (i === 4) assert.equal((await browser.open(callback())).get('location')?.length, 2048)
  }
})

test('the oldest sign-in is dropped first', async () => {
  const browser = kit.browser()
  const [oldest, second] = [await browser.startLogin(fake), await browser.startLogin(fake)]
  for (let i = 0; i < 4; i++) {
    kit.clock.ahead += 1000
    await browser.startLogin(fake)
  }
  assert.equal((await browser.open(oldest.callback())).status, 400)
  assert.equal(browser.loginCookies.length, 5)
  assert.equal((await browser.open(second.callback())).status, 303)
})

test('sign-in cookies that the gateway did not set are cleared and change nothing', async () => {
  const prefix = loginCookiePrefix(kit.deps.config)
  const browser = kit.browser()
  browser.cookies.set(`${prefix}junk`, 'x'.repeat(3000))
  browser.cookies.set(`${prefix}AAAAAAAAAAAAAAAA`, '')
  const { callback } = await browser.startLogin(fake)
  assert.equal(browser.loginCookies.length, 1)
  assert.equal((await browser.open(callback())).status, 303)
})

test('a sign-in cookie that is changed, cut, sent twice or moved to another sign-in is not accepted', async () => {
  for (const bend of [
    (value: string) => `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`,
    (value: string) => value.slice(0, -4),
    (value: string) => `${value}AAAA`,
    (value: string) => `${value}=`,
    () => '',
    () => 'x'.repeat(8000),
  ]) {
    const browser = kit.browser()
    const { callback } = await browser.startLogin(fake)
    const [[name, value] = ['', '']] = browser.cookies
    browser.cookies.set(name, bend(value))
    assert.equal((await browser.open(callback())).status, 400)
  }
  const twice = kit.browser()
  const { callback } = await twice.startLogin(fake)
  const [[name, value] = ['', '']] = twice.cookies
  const response = await get(callback(), { cookie: `${name}=${value}; ${name}=${value}` })
  assert.equal(response.status, 400)

  const moved = kit.browser()
  const first = await moved.startLogin(fake)
  const [[firstName] = ['']] = moved.cookies
  await moved.startLogin(fake)
  const other = [...moved.cookies].find(([cookie]) => cookie !== firstName)
  moved.cookies.set(firstName, other?.[1] ?? '')
  assert.equal((await moved.open(first.callback())).status, 400)
})

test('with a new first secret, sign-ins that started with the old one are completed; without the old one they are lost', async () => {
  const browser = kit.browser()
  const { callback } = await browser.startLogin(fake)
  const cookie = browser.cookieHeader
  const fresh = 'a-fresh-secret-of-the-tests-with-32-bytes-or-more'
  for (const [secrets, status] of [
    [[fresh], 400],
    [[fresh, SECRET], 303],
  ] as const) {
    const rotated = startLoginKit(fake, { session: { secrets } })
    const response = await request(rotated.app).get(callback()).set({ host: 'o.example', cookie })
    assert.equal(response.status, status)
  }
})

test('a sign-in that started at another issuer or for another client is not accepted', () => {
  const settings = kit.deps.config
  const pending = new PendingLogins(settings)
  const login = pending.start('/', 0)
  const [cookie = ''] = pending.remember(login, undefined, 0)
  const header = cookie.split(';')[0]
  assert.ok(pending.find(login.state, header, 1000))
  for (const issuer of [{ url: 'https://other.example' }, { clientId: 'other' }]) {
    const other = new PendingLogins({ ...settings, issuer: { ...settings.issuer, ...issuer } })
    assert.equal(other.find(login.state, header, 1000), undefined)
  }
})

test('a pending sign-in lasts exactly as long as its cookie, also on a replica whose clock is behind', () => {
  const pending = new PendingLogins(testConfig(fake))
  const began = 1_000_000
  const login = pending.start('/', began)
  const header = pending.remember(login, undefined, began)[0]?.split(';')[0]
  assert.ok(pending.find(login.state, header, began + LOGIN_SECONDS * 1000 - 1))
  assert.equal(pending.find(login.state, header, began + LOGIN_SECONDS * 1000), undefined)
  assert.ok(pending.find(login.state, header, began - 149_999))
  assert.equal(pending.find(login.state, header, began - 150_000), undefined)
})
