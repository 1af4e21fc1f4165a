import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { ALPHA } from '../../infra/issuer/users.ts'
import { Browser, type Page } from '../browser.ts'
import { type Kit, startKit } from '../kit.ts'
import { acceptWebSocket } from './accept-websocket.ts'
import { RawClient } from './kit.ts'

/** Step-up per route (RFC 9470) with the embedded issuer, whose users choose the level that they sign in with. */
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const SCRIPT = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
let kit: Kit
let sockets: Server

before(async () => {
  sockets = createServer().listen(0, '127.0.0.1')
  await once(sockets, 'listening')
  sockets.on('upgrade', (request, socket) => {
    acceptWebSocket(request, socket)
  })
  const upstream = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`
  kit = await startKit({
    issuer: { levels: ['silver', 'gold'] },
    config: {
      issuer: { clockSkewSeconds: 0 },
      server: { trustedProxies: ['127.0.0.1/32'] },
    },
    routes: [
      { name: 'lobby', app: 'generic', path: '/lobby', access: 'login', authorization: 'access-token' },
      { name: 'vault', app: 'generic', path: '/lobby/vault', access: 'login', acr: ['gold', 'hardware'] },
      { name: 'notes', app: 'generic', path: '/notes', access: 'project', acr: ['gold'] },
      { name: 'recent', app: 'generic', path: '/recent', access: 'login', maxAgeSeconds: 600 },
      { name: 'live', app: 'generic', path: '/live', access: 'login', maxAgeSeconds: 600, upstream },
      { name: 'jobs', app: 'generic', path: '/jobs', access: 'login', acr: ['gold'], stepUpMachines: 'allow' },
      { name: 'models', app: 'mlflow', path: '/models', access: 'project', acr: ['gold'] },
    ],
  })
})
afterEach(() => {
  kit.clock.ahead = 0
  kit.upstream.received.length = 0
})
after(async () => {
  sockets.closeAllConnections()
  sockets.close()
  await kit?.close()
})

const atIssuer = ({ url }: Page) => url.origin === kit.issuer.url && url.pathname.startsWith('/interaction/')

/** Fills in the form of the issuer, which must be shown. */
async function authenticate(browser: Browser, page: Page, level: string, username = 'bob'): Promise<Page> {
  assert.ok(atIssuer(page), `${page.url.href} (${page.status})`)
  return browser.submit(page, { username, password: `${username}-pw`, level })
}

async function signedIn(level: string, username = 'bob'): Promise<Browser> {
  const browser = new Browser()
  const page = await authenticate(browser, await browser.open(`${kit.url}/lobby/`), level, username)
  assert.equal(page.status, 200)
  kit.upstream.received.length = 0
  return browser
}

const refused = () => kit.logged.filter(({ reason }) => reason === 'step-up-required').at(-1)

test('a page goes to the issuer with acr_values, and comes back to the same place', async () => {
  const browser = await signedIn('silver')
  const first = await browser.fetch(`${kit.url}/lobby/vault/keys?id=1&tab=a%20b`, { headers: PAGE })
  assert.equal(first.status, 302)
  const login = new URL(first.headers.get('location') ?? '')
  assert.equal(login.searchParams.get('step_up'), 'vault')
  const toIssuer = await browser.fetch(`${login.href}&start=1`, { headers: PAGE })
  assert.equal(new URL(toIssuer.headers.get('location') ?? '').searchParams.get('acr_values'), 'gold hardware')
  const page = await browser.open(login)
  const back = await authenticate(browser, page, 'gold')
  assert.deepEqual([back.status, back.url.href], [200, `${kit.url}/lobby/vault/keys?id=1&tab=a%20b`])
  assert.equal(kit.upstream.received.at(-1)?.target, '/lobby/vault/keys?id=1&tab=a%20b')
  const again = await browser.fetch(`${kit.url}/lobby/vault/other`, { headers: SCRIPT })
  assert.equal(again.status, 200, 'the level counts for every request of the session')
})

test('whoever is not signed in signs in once, at the level of the route', async () => {
  const browser = new Browser()
  const back = await authenticate(browser, await browser.open(`${kit.url}/lobby/vault/`), 'gold')
  assert.deepEqual([back.status, back.url.pathname], [200, '/lobby/vault/'])
})

test('a level that was not reached ends at a page without a redirect, and the session goes on', async () => {
  const browser = await signedIn('silver')
  const page = await authenticate(browser, await browser.open(`${kit.url}/lobby/vault/`), 'silver')
  assert.deepEqual([page.status, page.url.pathname], [403, '/auth/callback'])
  assert.match(page.text, /Required authentication level \(acr\): gold or hardware\. Yours: silver\./)
  assert.match(page.text, /step-up-failed/)
  assert.equal((await browser.fetch(`${kit.url}/lobby/`, { headers: SCRIPT })).status, 200)
  const retry = /href="(\/auth\/login\?[^"]*step_up=vault)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&')
  const back = await authenticate(browser, await browser.open(`${kit.url}${retry}`), 'gold')
  assert.deepEqual([back.status, back.url.pathname], [200, '/lobby/vault/'])
})

test('a script of a page gets 401 with the challenge, never a redirect, and nothing is forwarded', async () => {
  const browser = await signedIn('silver')
  for (const init of [{ headers: SCRIPT }, { headers: { ...SCRIPT, origin: kit.url }, method: 'POST', body: '{}' }]) {
    const response = await browser.fetch(`${kit.url}/lobby/vault/keys`, init)
    const body = JSON.parse(await response.text())
    assert.deepEqual([response.status, body.reason], [401, 'step-up-required'])
    assert.match(body.title, /Required authentication level \(acr\): gold or hardware\. Yours: none\./)
    assert.equal(
      response.headers.get('www-authenticate'),
      `Bearer error="insufficient_user_authentication", error_description="A different or a more recent authentication is required", acr_values="gold hardware", resource_metadata="${kit.url}/.well-known/oauth-protected-resource/lobby/vault"`,
    )
    assert.match(response.headers.get('link') ?? '', /\/auth\/login\?return_to=[^>]*&step_up=vault>; rel="login"$/)
  }
  assert.equal(kit.upstream.received.length, 0)
})

test('the log and the audit trail name the missing level', async () => {
  const browser = await signedIn('silver')
  await authenticate(browser, await browser.open(`${kit.url}/lobby/vault/`), 'silver')
  const failed = kit.logged.filter(({ reason }) => reason === 'step-up-failed').at(-1)
  assert.equal(
    failed?.detail,
    'the issuer did not authenticate the user as asked: acr: expected gold or hardware, got silver',
  )
  await browser.fetch(`${kit.url}/lobby/vault/keys`, { headers: SCRIPT })
  assert.equal(refused()?.detail, 'acr: expected gold or hardware, got none')
  kit.clock.ahead = 700_000
  await browser.fetch(`${kit.url}/recent/`, { headers: SCRIPT })
  assert.equal(
    refused()?.detail,
    'auth_time: expected at most 600 s ago, got unknown',
    'nobody asked the issuer for it',
  )
})

test('the console shows administrators the missing level, and what a session would reach', async () => {
  const bob = await signedIn('silver')
  const denied = await bob.fetch(`${kit.url}/lobby/vault/keys`, { headers: SCRIPT })
  const alice = new Browser()
  await authenticate(alice, await alice.open(`${kit.url}/auth/admin`), 'silver', 'alice')
  const id = denied.headers.get('x-request-id') ?? ''
  const { text } = await alice.open(`${kit.url}/auth/admin/why?id=${id}`)
  assert.match(text, /Denied: 401 <code>step-up-required/)
  assert.match(text, /acr: expected gold or hardware, got none/)
  assert.match(text, /the route demands a step-up/)
  const high = new Browser()
  await authenticate(high, await high.open(`${kit.url}/lobby/vault/`), 'gold', 'carol')
  const form = (await alice.open(`${kit.url}/auth/admin/why`)).text
  const ask = async (user: string) => {
    const session = new RegExp(`<option value="([^"]{43})">${user}</option>`).exec(form)?.[1] ?? ''
    const query = new URLSearchParams({ method: 'GET', path: '/lobby/vault/', session })
    return (await alice.open(`${kit.url}/auth/admin/why?${query}`)).text
  }
  assert.match(await ask('carol'), /Allowed <code>signed-in/)
  assert.match(await ask('alice'), /acr: expected gold or hardware, got none/)
})

test('an authentication grows too old, and the issuer is asked again', async () => {
  const browser = new Browser()
  const opened = await authenticate(browser, await browser.open(`${kit.url}/recent/?a=1`), 'silver')
  assert.equal(opened.status, 200)
  kit.clock.ahead = 590_000
  assert.equal((await browser.fetch(`${kit.url}/recent/`, { headers: SCRIPT })).status, 200)
  kit.clock.ahead = 605_000
  const late = await browser.fetch(`${kit.url}/recent/`, { headers: SCRIPT })
  assert.equal(late.status, 401)
  assert.match(late.headers.get('www-authenticate') ?? '', /, max_age="600", resource_metadata=/)
  assert.match(JSON.parse(await late.text()).title, /within the last 600 seconds/)
  const first = await browser.fetch(`${kit.url}/recent/?a=1`, { headers: PAGE })
  const started = await browser.fetch(`${first.headers.get('location')}&start=1`, { headers: PAGE })
  assert.equal(new URL(started.headers.get('location') ?? '').searchParams.get('max_age'), '600')
})

test('a refresh makes no authentication younger', async () => {
  const browser = new Browser()
  await authenticate(browser, await browser.open(`${kit.url}/lobby/vault/`), 'gold')
  const silent = await browser.open(`${kit.url}/recent/`)
  assert.deepEqual([silent.status, silent.url.pathname], [200, '/recent/'], 'the issuer only says when it was')
  assert.equal((await browser.fetch(`${kit.url}/lobby/vault/`, { headers: SCRIPT })).status, 200, 'and takes no level')
  const before = kit.issuer.refreshGrants
  kit.clock.ahead = 310_000 // the access token has expired
  assert.equal((await browser.fetch(`${kit.url}/recent/`, { headers: SCRIPT })).status, 200)
  assert.equal(kit.issuer.refreshGrants, before + 1)
  assert.equal((await browser.fetch(`${kit.url}/lobby/vault/`, { headers: SCRIPT })).status, 200, 'the level is kept')
  kit.clock.ahead = 610_000
  assert.equal((await browser.fetch(`${kit.url}/recent/`, { headers: SCRIPT })).status, 401)
})

test('a bearer token counts by its own acr and auth_time', async () => {
  for (const [level, status] of [
    ['silver', 401],
    ['gold', 200],
  ] as const) {
    const browser = await signedIn(level)
    await browser.fetch(`${kit.url}/lobby/`, { headers: SCRIPT })
    const [authorization = ''] = kit.upstream.lastValues('authorization')
    const ask = (path: string) => fetch(kit.url + path, { headers: { authorization } })
    assert.equal((await ask('/lobby/')).status, 200)
    const response = await ask('/lobby/vault/')
    assert.equal(response.status, status)
    if (status === 401) assert.match(response.headers.get('www-authenticate') ?? '', /acr_values="gold hardware"/)
    assert.equal((await ask('/recent/')).status, 200)
    // A page with a token: the issuer can do nothing here for the token.
    const page = await fetch(`${kit.url}/lobby/vault/`, { headers: { authorization, ...PAGE }, redirect: 'manual' })
    assert.equal(page.status, status)
  }
})

test('a token of a high level does not raise the session beside it', async () => {
  const [low, high] = [await signedIn('silver'), await signedIn('gold')]
  await high.fetch(`${kit.url}/lobby/`, { headers: SCRIPT })
  const [authorization = ''] = kit.upstream.lastValues('authorization')
  const response = await low.fetch(`${kit.url}/lobby/vault/`, { headers: { ...SCRIPT, authorization } })
  assert.equal(response.status, 401)
})

test('machines are denied, unless the route permits them', async () => {
  const form = { grant_type: 'client_credentials', client_id: 'ci-service', client_secret: 'ci-service-secret' }
  const issued = await fetch(`${kit.issuer.url}/token`, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token } = (await issued.json()) as { access_token: string }
  const ask = (path: string) => fetch(kit.url + path, { headers: { authorization: `Bearer ${access_token}` } })
  assert.equal((await ask('/jobs/')).status, 200)
  const response = await ask('/lobby/vault/')
  const body = (await response.json()) as { title: string; reason: string }
  assert.deepEqual([response.status, body.reason], [401, 'step-up-required'])
  assert.match(body.title, /Only users who signed in/)
  assert.equal((await fetch(`${kit.url}/jobs/`, { headers: await userToken('silver') })).status, 401)
})

async function userToken(level: string) {
  await (await signedIn(level)).fetch(`${kit.url}/lobby/`, { headers: SCRIPT })
  return { authorization: kit.upstream.lastValues('authorization')[0] ?? '' }
}

test('the application’s own error format says it, too', async () => {
  const response = await fetch(`${kit.url}/models/api/2.0/mlflow/experiments/search`, {
    headers: { ...(await userToken('silver')), 'AOA-Project-ID': ALPHA },
  })
  const body = (await response.json()) as { message: string; error_code: string; reason: string }
  assert.deepEqual([response.status, body.reason], [401, 'step-up-required'])
  assert.match(body.message, /Required authentication level/)
})

test('whoever has no access is told so, and is not asked to authenticate first', async () => {
  const carol = await signedIn('silver', 'carol')
  const headers = { ...SCRIPT, 'aoa-project-id': ALPHA }
  const response = await carol.fetch(`${kit.url}/notes/`, { headers })
  assert.deepEqual([response.status, JSON.parse(await response.text()).reason], [403, 'not-in-project'])
})

test('the selected project stays selected', async () => {
  const browser = await signedIn('silver', 'dave')
  const headers = { 'content-type': 'application/json', origin: kit.url, accept: 'application/json' }
  const selected = await browser.fetch(`${kit.url}/auth/project`, {
    ...{ method: 'POST', headers, body: JSON.stringify({ project: ALPHA }) },
  })
  assert.ok(selected.ok, String(selected.status))
  const back = await authenticate(browser, await browser.open(`${kit.url}/notes/deep?x=1`), 'gold', 'dave')
  assert.deepEqual([back.status, back.url.href], [200, `${kit.url}/notes/deep?x=1`])
  assert.deepEqual(kit.upstream.lastValues('aoa-project-id'), [ALPHA])
})

test('another user cannot step up in the session', async () => {
  const browser = await signedIn('silver')
  const dave = await signedIn('gold', 'dave')
  const login = `${kit.url}/auth/login?return_to=%2Flobby%2Fvault%2F&step_up=vault&start=1`
  let at = (await browser.fetch(login, { headers: PAGE })).headers.get('location') ?? ''
  while (!at.startsWith(kit.url))
    at = new URL((await dave.fetch(at, { headers: PAGE })).headers.get('location') ?? '', kit.issuer.url).href
  const page = await browser.open(at)
  assert.deepEqual([page.status, page.url.pathname], [403, '/auth/callback'], page.text.slice(0, 300))
  assert.match(page.text, /You signed in as another user/)
  const session = await browser.fetch(`${kit.url}/auth/session`, { headers: { accept: 'application/json' } })
  assert.equal(JSON.parse(await session.text()).username, 'bob')
})

test('no spelling of a path and no other route leads around', async () => {
  const browser = await signedIn('silver')
  for (const path of [
    ...[
      '/lobby/VAULT/keys',
      '/lobby/vault./keys',
      '/lobby/vault;x/keys',
      '/lobby/vault%20/keys',
      '/lobby/%56ault/keys',
    ],
    ...['/lobby/x/../vault/keys', '/lobby//vault/keys', '/lobby/%2e%2e/lobby/vault', '/lobby/vau%6ct/keys'],
    ...['/lobby/vault', '/lobby/vault/', '/lobby/vault/keys?step_up=none', '/lobby%2fvault/keys', '/lobby/ｖault/keys'],
  ]) {
    const { status } = await browser.fetch(kit.url + encodeURI(path).replaceAll('%25', '%'), { headers: SCRIPT })
    assert.ok([308, 400, 401, 404].includes(status), `${path}: ${status}`)
  }
  assert.deepEqual(kit.upstream.received, [])
})

test('what a client says about its level counts for nothing', async () => {
  const browser = await signedIn('silver')
  const headers = { ...SCRIPT, acr: 'gold', 'x-acr': 'gold', 'x-forwarded-acr': 'gold', acr_values: 'gold' }
  assert.equal((await browser.fetch(`${kit.url}/lobby/vault/?acr=gold`, { headers })).status, 401)
})

test('forward auth: Caddy gets the reply for the client, nginx 401 with the challenge and the link', async () => {
  const browser = await signedIn('silver')
  const asked = (more: Record<string, string>, query = '') =>
    browser.fetch(`${kit.url}/auth/verify${query}`, {
      headers: {
        ...{ 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/lobby/vault/a?b=1' },
        ...{ 'x-forwarded-host': new URL(kit.url).host, ...more },
      },
    })
  const page = await asked(PAGE)
  assert.equal(page.status, 302)
  assert.match(page.headers.get('location') ?? '', /return_to=%2Flobby%2Fvault%2Fa%3Fb%3D1&step_up=vault$/)
  const script = await asked(SCRIPT)
  assert.equal(script.status, 401)
  assert.match(script.headers.get('www-authenticate') ?? '', /insufficient_user_authentication/)
  const nginx = await asked(PAGE, '?for=nginx')
  assert.deepEqual([nginx.status, nginx.headers.get('x-gateway-reason')], [401, 'step-up-required'])
  assert.match(nginx.headers.get('x-gateway-login') ?? '', /&step_up=vault$/)
  assert.match(nginx.headers.get('www-authenticate') ?? '', /insufficient_user_authentication/)
})

test('a WebSocket needs the level when it opens, and ends when the authentication is too old', async () => {
  const { host } = new URL(kit.url)
  const handshake = (cookie: string) =>
    `GET /live/ws HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nOrigin: ${kit.url}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
  const low = new RawClient(kit.gateway.port)
  low.send(handshake((await signedIn('silver')).cookieHeader(new URL(kit.url))))
  const denied = await low.until((heard) => heard.includes('step-up-required'))
  assert.match(denied, /^HTTP\/1\.1 401 [\s\S]*insufficient_user_authentication/)

  const browser = new Browser()
  await authenticate(browser, await browser.open(`${kit.url}/recent/`), 'silver')
  const open = new RawClient(kit.gateway.port)
  open.send(handshake(browser.cookieHeader(new URL(kit.url))))
  await open.until((heard) => heard.includes('hello'))
  kit.clock.ahead = 605_000
  await open.until(() => open.closed)
})
