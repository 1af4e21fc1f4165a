import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../infra/parts/ports.ts'
import { type PathKit, startPath } from './kit.ts'

/** Every request is counted once, under its route or endpoint, with the status that the client received. */

let kit: PathKit
let port: number
let adminPort: number
let host: string

before(async () => {
  adminPort = await freePort()
  kit = await startPath(
    (request, response) => {
      if (request.url?.endsWith('/cut')) {
        response.writeHead(200, { 'Content-Length': 100 }).write('begin')
        setTimeout(() => request.socket.destroy(), 50)
      } else if (!request.url?.endsWith('/silent')) response.end('fine')
    },
    {
      config: {
        server: { adminListen: `127.0.0.1:${adminPort}`, trustedProxies: ['127.0.0.1/32'] },
        cors: { allowedOrigins: ['http://ui.example'] },
        log: { requests: 'all' },
      },
    },
  )
  const url = new URL(kit.url)
  port = Number(url.port)
  host = url.host
  kit.server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    setTimeout(() => socket.destroy(), 50)
  })
})
after(() => kit.close())

/** How often each method, route and status was counted. */
async function counts(): Promise<Map<string, number>> {
  const metrics = await kit.gateway.metrics.registry.getMetricsAsJSON()
  const requests = metrics.find(({ name }) => name === 'http_server_request_duration_seconds')
  const ends = (requests?.values ?? []).filter((each) => Reflect.get(each, 'metricName') === `${requests?.name}_count`)
  return new Map(ends.map(({ labels, value }) => [`${labels.method} ${labels.route} ${labels.status}`, value]))
}

/** Requests that are in flight, by the gauge. */
async function active(): Promise<number | undefined> {
  const gauge = kit.gateway.metrics.registry.getSingleMetric('http_server_active_requests')
  return (await gauge?.get())?.values[0]?.value
}

async function increments(before: Map<string, number>): Promise<string[]> {
  const now = await counts()
  return [...now].flatMap(([key, value]) => new Array<string>(value - (before.get(key) ?? 0)).fill(key))
}

/** Sends bytes; resolves to the status of the first response, or `none`. */
async function statusOf(bytes: string, { to = port, leaveAfter = 2000 } = {}): Promise<string> {
  const socket = connect(to, '127.0.0.1')
  socket.on('error', () => undefined)
  let heard = ''
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1')
  })
  socket.write(bytes)
  await Promise.race([once(socket, 'close'), sleep(leaveAfter)])
  socket.destroy()
  return /^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 'none'
}

const get = (path: string, more = '', method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`
const cookie = () => `Cookie: ${kit.cookie}\r\n`
const upgrade = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${kit.url}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
const asked = (path: string, more = '') =>
  get('/auth/verify', `X-Forwarded-Method: GET\r\nX-Forwarded-Uri: ${path}\r\nX-Forwarded-Host: ${host}\r\n${more}`)

const source = readFileSync(join(import.meta.dirname, '../../src/gateway/signin/endpoints.ts'), 'utf8')
const SIGN_IN_PATHS = [...source.matchAll(/\['(\/[a-z/-]*)', \{/g)].map(([, path]) => path as string)

const NOBODYS = '99999999-9999-4999-8999-999999999999'
const PREFLIGHT = 'Origin: http://ui.example\r\nAccess-Control-Request-Method: GET\r\n'

type Case = [name: string, bytes: () => string, label: string, status: string, options?: { leaveAfter?: number }]
const cases: Case[] = [
  ['the application', () => get('/app/', cookie()), 'app', '200'],
  ['nobody', () => get('/app/'), 'app', '401'],
  ['a navigation of nobody', () => get('/app/', 'Accept: text/html\r\n'), 'app', '302'],
  ['a member of another project', () => get('/p/', `${cookie()}AOA-Project-ID: ${NOBODYS}\r\n`), 'p', '403'],
  ['a path without route', () => get('/nothing', cookie()), 'none', '404'],
  ['another host', () => 'GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n', 'none', '421'],
  ['a path that is ambiguous', () => get('/app/..%2fx', cookie()), 'none', '400'],
  ['bytes that are no request', () => 'NOT HTTP\r\n\r\n', 'none', '400'],
  ['a header section that is too large', () => get('/app/', `X: ${'x'.repeat(66_000)}\r\n`), 'none', '431'],
  ['a preflight', () => get('/app/', PREFLIGHT, 'OPTIONS'), 'app', '204'],
  ['a response that breaks off', () => get('/app/cut', cookie()), 'app', '200'],
  ['a client that leaves first', () => get('/app/silent', cookie()), 'app', 'none', { leaveAfter: 300 }],
  ['a WebSocket', () => upgrade('/app/', cookie()), 'app', '101'],
  ['a WebSocket of nobody', () => upgrade('/app/'), 'app', '401'],
  ['a WebSocket without route', () => upgrade('/nothing'), 'none', '404'],
  ['forward auth for a member', () => asked('/app/', cookie()), '/auth/verify', '200'],
  ['forward auth for nobody', () => asked('/app/'), '/auth/verify', '401'],
  ['forward auth without a question', () => get('/auth/verify'), '/auth/verify', '400'],
  ['a wrong callback', () => get('/auth/callback?code=x&state=y'), '/auth/callback', '400'],
  ['a callback by the wrong method', () => get('/auth/callback', '', 'HEAD'), '/auth/callback', '405'],
  ['a sign-in endpoint that is none', () => get('/auth/nothing'), '/auth', '404'],
  ['the health check', () => get('/healthz'), '/healthz', '200'],
  ['the readiness check', () => get('/readyz'), '/readyz', '200'],
  ['the public keys', () => get('/auth/jwks.json'), '/auth/jwks.json', '200'],
  ...SIGN_IN_PATHS.map((path): Case => [`PATCH ${path}`, () => get(path, '', 'PATCH'), path, '405']),
]

for (const [name, bytes, label, status, options] of cases) {
  test(`${name} is counted once, as ${label} ${status}`, async () => {
    const before = await counts()
    assert.equal(await statusOf(bytes(), options), status)
    // The response has finished when the server's side knows that, a moment after the client.
    for (let i = 0; i < 40 && (await increments(before)).length === 0; i += 1) await sleep(25)
    // What the parser refuses is no request yet.
    const method = status === '431' ? '_OTHER' : (/^[A-Z]+(?= \/)/.exec(bytes())?.[0] ?? '_OTHER')
    assert.deepEqual(await increments(before), [`${method} ${label} ${status}`])
    assert.equal(await active(), 0)
  })
}

test('the admin listener is counted too', async () => {
  const admin = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
  const before = await counts()
  assert.equal(await statusOf(admin('/metrics'), { to: adminPort }), '200')
  assert.equal(await statusOf(admin('/nothing'), { to: adminPort }), '404')
  assert.deepEqual((await increments(before)).toSorted(), ['GET admin listener 200', 'GET admin listener 404'])
})

test('a sign-in that the issuer refuses is counted and logged with the status of its page', async () => {
  const started = await fetch(`${kit.url}/auth/login`, { redirect: 'manual' })
  const state = new URL(started.headers.get('location') ?? '').searchParams.get('state')
  const login = started.headers.getSetCookie().map((line) => line.split(';', 1)[0])
  const before = await counts()
  const bytes = get(
    `/auth/callback?error=access_denied&state=${state}&iss=${encodeURIComponent(kit.issuer.url)}`,
    `Cookie: ${login.join('; ')}\r\nAccept: text/html\r\n`,
  )
  assert.equal(await statusOf(bytes), '403')
  assert.deepEqual(await increments(before), ['GET /auth/callback 403'])
  const line = kit.logged.findLast(({ event }) => event === 'refused')
  assert.deepEqual([line?.path, line?.reason, line?.status], ['/auth/callback', 'login-refused', 403])
})

test('the audit line of a request has the status, the duration and the bytes that the client received', async () => {
  assert.equal(await statusOf(get('/app/cut', cookie())), '200')
  await sleep(50)
  const line = kit.logged.findLast(({ event }) => event === 'refused')
  assert.deepEqual([line?.route, line?.status, line?.bytes, line?.incomplete], ['app', 200, 5, true])
  assert.ok(Number(line?.duration_ms) >= 40)
})
