import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { KIT_PROJECTS, KIT_SECRET, signedInBrowser } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { acceptWebSocket } from './accept-websocket.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'

/** Token exchange on every way to an upstream: requests, bodies that wait, WebSockets, forward auth, and a reload meanwhile. */

let kit: PathKit
let mlflow: Recorder
/** Values of `Authorization` that the upstream received. */
let received: (string | undefined)[] = []
const EXCHANGED = { authorization: 'exchanged-token', tokenExchange: { audience: 'notes-api' } }

before(async () => {
  mlflow = await startRecorder()
  const instance = { tenancy: 'instance', instances: { [ALPHA]: mlflow.url } }
  const note = ({ headers }: IncomingMessage) => received.push(headers.authorization)
  kit = await startPath(
    (request, response) => {
      note(request)
      request.resume().on('end', () => response.end('{}'))
    },
    {
      config: { server: { trustedProxies: ['127.0.0.1/32'] }, log: { level: 'debug' } },
      routes: [
        { name: 'notes', app: 'generic', path: '/notes', access: 'login', ...EXCHANGED },
        {
          name: 'other',
          app: 'generic',
          path: '/other',
          access: 'login',
          ...EXCHANGED,
          tokenExchange: { audience: 'other-api' },
        },
        {
          name: 'forbidden',
          app: 'generic',
          path: '/forbidden',
          access: 'login',
          ...EXCHANGED,
          tokenExchange: { audience: 'forbidden' },
        },
        { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', mlflow: instance, ...EXCHANGED },
        { name: 'basic', app: 'generic', path: '/basic', access: 'login', basicCredentials: true, ...EXCHANGED },
      ],
    },
  )
  kit.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    note(request)
    acceptWebSocket(request, socket)
  })
})
after(() => Promise.all([kit.close(), mlflow.close()]))
beforeEach(() => {
  received = []
})
afterEach(() => {
  kit.issuer.beforeExchange = () => {}
  kit.issuer.tokenEndpoint = 'normal'
})

const claimsOf = (authorization: string | undefined) => decodeJwt(authorization?.replace(/^Bearer /, '') ?? '')

/** A new session of its own. */
async function session(username: string): Promise<string> {
  return (await signedInBrowser(kit, username)).cookieHeader(new URL(kit.url))
}

async function ask(path: string, headers: Record<string, string>, init: RequestInit = {}) {
  const response = await fetch(kit.url + path, { ...init, headers })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    reason: text.startsWith('{') ? JSON.parse(text).reason : '',
  }
}

/** Holds the next exchange until the test goes on. */
function held() {
  const [started, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  kit.issuer.beforeExchange = () => {
    started.resolve()
    return go.promise
  }
  return { started: started.promise, go: () => go.resolve() }
}

test('each user and each route has a token of its own, and one exchange', async () => {
  const [alice, bob] = [await session('alice'), await session('bob')]
  const before = kit.issuer.tokenRequests
  for (const cookie of [alice, bob, alice, bob]) {
    await ask('/notes/x', { cookie })
    await ask('/other/x', { cookie })
  }
  assert.equal(kit.issuer.tokenRequests - before, 4)
  const seen = received.map((value) => `${claimsOf(value).preferred_username} ${claimsOf(value).aud}`)
  const once = ['alice notes-api', 'alice other-api', 'bob notes-api', 'bob other-api']
  assert.deepEqual(seen, [...once, ...once])
})

test('a browser in which another user signs in gets the token of that user', async () => {
  const browser = await signedInBrowser(kit, 'alice')
  await browser.fetch(`${kit.url}/notes/x`)
  const form = new URLSearchParams()
  await browser.fetch(`${kit.url}/auth/logout`, { method: 'POST', body: form, headers: { origin: kit.url } })
  const other = await session('bob')
  await ask('/notes/x', { cookie: other })
  assert.deepEqual(
    received.map((value) => claimsOf(value).preferred_username),
    ['alice', 'bob'],
  )
})

test('requests of a session that ended while its token was exchanged are not forwarded', async () => {
  const browser = await signedInBrowser(kit, 'bob')
  const cookie = browser.cookieHeader(new URL(kit.url))
  const exchange = held()
  const waiting = ask('/notes/x', { cookie })
  await exchange.started
  await browser.fetch(`${kit.url}/auth/logout`, { method: 'POST', headers: { origin: kit.url } })
  exchange.go()
  assert.deepEqual([(await waiting).reason, received], ['login-required', []])
})

test('a WebSocket opens with the exchanged token', async () => {
  const client = new RawClient(kit.gateway.port)
  client.send(
    `GET /notes/ws HTTP/1.1\r\n${kit.who}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${kit.url}\r\n\r\n`,
  )
  await client.until((heard) => heard.includes('hello'))
  client.socket.destroy()
  assert.equal(claimsOf(received[0]).aud, 'notes-api')
})

test('a WebSocket whose exchange is refused is a 403', async () => {
  const client = new RawClient(kit.gateway.port)
  client.send(
    `GET /forbidden/ws HTTP/1.1\r\n${kit.who}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${kit.url}\r\n\r\n`,
  )
  assert.match(await client.ended(), /^HTTP\/1\.1 403 [\s\S]*exchange-refused/)
  assert.deepEqual(received, [])
})

test('a streamed body passes', async () => {
  const headers = { cookie: kit.cookie, 'content-type': 'application/json', origin: kit.url }
  await ask('/notes/x', headers, { method: 'POST', body: 'a'.repeat(100_000) })
  assert.equal(claimsOf(received[0]).aud, 'notes-api')
})

test('a body that is checked first may arrive after the access token expired: the refreshed one is exchanged', async () => {
  const body = '{"experiment_ids": ["0"], "max_results": 5}'
  const client = new RawClient(kit.gateway.port)
  const refreshed = kit.issuer.refreshGrants
  const host = new URL(kit.url).host
  client.send(
    `POST /mlflow/${ALPHA}/api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: ${host}\r\nCookie: ${await session('bob')}\r\nOrigin: ${kit.url}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  // The request was admitted.
  await client.until((heard) => heard.includes('100 Continue'))
  kit.clock.ahead = 301_000
  client.send(body)
  const text = await client.until((heard) => heard.includes('\r\n\r\n{'))
  client.socket.destroy()
  kit.clock.ahead = 0
  assert.match(text, /HTTP\/1\.1 200/)
  assert.equal(kit.issuer.refreshGrants, refreshed + 1)
  assert.equal(claimsOf(mlflow.lastValues('Authorization')[0]).aud, 'notes-api')
})

test('forward auth returns the exchanged token in Authorization, and never the caller’s own', async () => {
  const question = {
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Uri': '/notes/x',
    'X-Forwarded-Host': new URL(kit.url).host,
  }
  const { status, headers } = await ask('/auth/verify', { ...question, cookie: kit.cookie })
  assert.deepEqual([status, claimsOf(headers.get('authorization') ?? '').aud], [200, 'notes-api'])
  const denied = await ask('/auth/verify', { ...question, 'X-Forwarded-Uri': '/forbidden/x', cookie: kit.cookie })
  assert.deepEqual([denied.status, denied.reason, denied.headers.get('authorization')], [403, 'exchange-refused', null])
})

test('a bearer token and Basic credentials are exchanged', async () => {
  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  const basic = `Basic ${btoa('ci-service:ci-service-secret')}`
  const response = await fetch(`${kit.issuer.url}/token`, { method: 'POST', body, headers: { authorization: basic } })
  const { access_token: token } = JSON.parse(await response.text())
  await ask('/notes/x', { authorization: `Bearer ${token}` })
  await ask('/basic/x', { authorization: basic })
  assert.deepEqual(
    received.map((value) => claimsOf(value).aud),
    ['notes-api', 'notes-api'],
  )
  assert.ok(!received.some((value) => value?.includes(token)))
})

test('a refusal says in the log what the issuer said, and nothing is forwarded', async () => {
  const { status, reason } = await ask('/forbidden/x', { cookie: kit.cookie })
  assert.deepEqual([status, reason, received], [403, 'exchange-refused', []])
  const { detail } = kit.logged.findLast((line) => line.event === 'refused') ?? {}
  assert.match(
    String(detail),
    /the issuer said 400 invalid_target \(audience not available: forbidden\)\. Register the audience/,
  )
})

test('an issuer that does not respond is a 503; the next request asks again', async () => {
  const cookie = await session('carol')
  kit.issuer.tokenEndpoint = 'server-error'
  assert.deepEqual([(await ask('/notes/x', { cookie })).reason, received], ['issuer-down', []])
  kit.issuer.tokenEndpoint = 'normal'
  assert.equal((await ask('/notes/x', { cookie })).status, 200, JSON.stringify(kit.logged.at(-1)))
})

test('the exchange is counted, and no log line has a token', async () => {
  const text = await kit.gateway.metrics.registry.metrics()
  assert.match(text, /operation="token-exchange"/)
  for (const value of received) assert.ok(!JSON.stringify(kit.logged).includes(String(value).slice(-40)))
})

test('a route without an exchange asks the issuer nothing', async () => {
  const before = kit.issuer.tokenRequests
  await ask('/app/x', { cookie: kit.cookie })
  assert.deepEqual([received, kit.issuer.tokenRequests - before], [[undefined], 0])
})

test('a reload while an exchange runs: the request gets its token, the next one that of the new route', async () => {
  const cookie = await session('bob')
  const exchange = held()
  const waiting = ask('/notes/x', { cookie })
  await exchange.started
  const next = {
    server: {
      listen: `127.0.0.1:${kit.gateway.port}`,
      publicUrl: kit.url,
      drainSeconds: 0,
      trustedProxies: ['127.0.0.1/32'],
    },
    issuer: {
      url: kit.issuer.url,
      clientId: GATEWAY_CLIENT.id,
      clientSecret: GATEWAY_CLIENT.secret,
      audiences: ['gateway'],
    },
    session: { secrets: [KIT_SECRET] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: KIT_PROJECTS },
    routes: [
      {
        ...{ name: 'notes', app: 'generic', path: '/notes', access: 'login', authorization: 'exchanged-token' },
        tokenExchange: { audience: 'next-api' },
        upstream: `http://127.0.0.1:${Reflect.get(Object(kit.server.address()), 'port')}`,
      },
    ],
  }
  const prepared = await kit.gateway.prepare(parseConfig(JSON.stringify(next), 'next.yaml', {}))
  prepared.commit()
  exchange.go()
  assert.equal((await waiting).status, 200)
  assert.equal((await ask('/notes/x', { cookie })).status, 200)
  assert.deepEqual(
    received.map((value) => claimsOf(value).aud),
    ['notes-api', 'next-api'],
  )
})
