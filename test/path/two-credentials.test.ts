import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { acceptWebSocket } from './accept-websocket.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'

/**
 * `routes[].credentials: proxy-authorization`: the credentials for the gateway are in `Proxy-Authorization`, and
 * `Authorization` belongs to the upstream. Nothing of either may reach the wrong side.
 */
let kit: PathKit
let token = ''
/** Raw headers that the upstream received. */
let received: string[][] = []
const OWN = 'carol:carols-password'
const BASIC = `Basic ${btoa(OWN)}`
const CI_BASIC = `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`

/** Demands its own password. */
const isWelcome = ({ headers }: IncomingMessage) => headers.authorization === BASIC

before(async () => {
  kit = await startPath(
    (request, response) => {
      received.push(request.rawHeaders)
      request.resume()
      if (isWelcome(request)) return void request.on('end', () => response.end('welcome'))
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="the application"' }).end('who are you?')
    },
    {
      config: {
        server: { trustedProxies: ['127.0.0.1/32'] },
        cors: { allowedOrigins: ['https://ui.example'] },
        log: { level: 'debug' },
      },
      routes: [
        { name: 'legacy', app: 'generic', path: '/legacy', access: 'login', credentials: 'proxy-authorization' },
        {
          ...{ name: 'basic', app: 'generic', path: '/basic', access: 'login', basicCredentials: true },
          credentials: 'proxy-authorization',
        },
        { name: 'shared', app: 'generic', path: '/shared', access: 'project', credentials: 'proxy-authorization' },
      ],
    },
  )
  kit.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    received.push(request.rawHeaders)
    acceptWebSocket(request, socket)
  })
  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  const response = await fetch(`${kit.issuer.url}/token`, {
    method: 'POST',
    body,
    headers: { authorization: CI_BASIC },
  })
  token = (JSON.parse(await response.text()) as { access_token: string }).access_token
})
after(() => kit.close())
beforeEach(() => {
  received = []
})

/** Values of a header that the upstream received with the last request, in any spelling. */
const valuesOf = (name: string, headers = received.at(-1) ?? []) =>
  headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase().replaceAll('_', '-') === name)

/** One request, byte for byte. @returns the response until its connection is closed */
async function send(lines: readonly string[], { path = '/legacy/x', method = 'GET', body = '' } = {}): Promise<string> {
  const client = new RawClient(kit.gateway.port)
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${new URL(kit.url).host}`, 'Connection: close', ...lines]
  client.send(`${head.join('\r\n')}\r\n\r\n${body}`)
  return client.ended()
}
const statusOf = (text: string) => Number(text.slice(9, 12))
const reasonOf = (text: string) => /"reason":"([a-z-]+)"/.exec(text)?.[1]
const own = () => `Proxy-Authorization: Bearer ${token}`

test('the gateway’s credentials stay here, and the application’s pass byte for byte', async () => {
  const values = [
    BASIC,
    'Token  a,b="c"; d=é',
    'x',
    'Bearer not.our.token',
    'AWS4-HMAC-SHA256 Credential=a/b, Signature=c',
  ]
  for (const value of values) {
    await send([own(), `Authorization: ${value}`])
    assert.deepEqual(valuesOf('authorization'), [value])
    assert.deepEqual(valuesOf('proxy-authorization'), [])
    assert.deepEqual(valuesOf('x-forwarded-user'), ['service-account-ci-service'])
  }
})

test('a session in place of Proxy-Authorization', async () => {
  const text = await send([`Cookie: ${kit.cookie}`, `Authorization: ${BASIC}`])
  assert.deepEqual([statusOf(text), valuesOf('x-forwarded-user')], [200, ['bob']])
})

test('without Authorization, the application asks for its own, and the client sees that', async () => {
  const text = await send([own()])
  assert.equal(statusOf(text), 401)
  assert.match(text, /WWW-Authenticate: Basic realm="the application"/)
  assert.deepEqual(valuesOf('authorization'), [])
})

test('Basic credentials of a client, where the route accepts them', async () => {
  const lines = [`Proxy-Authorization: ${CI_BASIC}`, `Authorization: ${BASIC}`]
  assert.equal(statusOf(await send(lines, { path: '/basic/x' })), 200)
  const text = await send(lines)
  assert.deepEqual([statusOf(text), reasonOf(text)], [407, 'token-invalid'])
  const wrong = await send([`Proxy-Authorization: Basic ${btoa('ci-service:wrong')}`], { path: '/basic/x' })
  assert.match(wrong, /^HTTP\/1\.1 407 [\s\S]*Proxy-Authenticate: Basic realm="modelops", charset="UTF-8"/)
})

test('without credentials for the gateway: 407 for programs, which names the header; no WWW-Authenticate', async () => {
  for (const lines of [
    [],
    [`Authorization: ${BASIC}`],
    [`Authorization: Bearer ${token}`],
    [`Authorization: ${CI_BASIC}`],
  ]) {
    const text = await send(lines)
    assert.deepEqual([statusOf(text), reasonOf(text)], [407, 'login-required'])
    assert.match(text, /Proxy-Authenticate: Bearer resource_metadata="[^"]+\/legacy"\r\n/)
    assert.match(text, /"status":407/)
    assert.match(text, /Proxy-Authorization: Bearer/)
    assert.doesNotMatch(text, /WWW-Authenticate/i)
  }
  assert.deepEqual(received, [])
})

test('a browser gets the sign-in page, or 401 in a script: it cannot read a 407', async () => {
  const navigation = [
    'Sec-Fetch-Mode: navigate',
    'Sec-Fetch-Site: none',
    'Accept: text/html',
    `Authorization: ${BASIC}`,
  ]
  assert.match(await send(navigation), /^HTTP\/1\.1 302 [\s\S]*\/auth\/login/)
  const script = await send(['Sec-Fetch-Mode: cors', 'Sec-Fetch-Site: same-origin'])
  assert.match(script, /^HTTP\/1\.1 401 [\s\S]*WWW-Authenticate: Bearer/)
})

test('other routes: Proxy-Authorization is nothing, and Authorization is for the gateway', async () => {
  assert.equal(reasonOf(await send([own()], { path: '/app/x' })), 'login-required')
  await send([own(), `Cookie: ${kit.cookie}`], { path: '/app/x' })
  assert.deepEqual([valuesOf('proxy-authorization'), valuesOf('authorization')], [[], []])
  assert.deepEqual(valuesOf('x-forwarded-user'), ['bob'])
  assert.equal(reasonOf(await send([own(), `Authorization: ${BASIC}`], { path: '/app/x' })), 'token-invalid')
})

const smuggled: [string, () => string[], string][] = [
  ['two Authorization', () => [own(), 'Authorization: a', 'Authorization: b'], 'credentials-ambiguous'],
  ['two in other cases', () => [own(), 'Authorization: a', 'aUTHORIZATION: a'], 'credentials-ambiguous'],
  ['two Proxy-Authorization', () => [own(), own()], 'credentials-ambiguous'],
  ['two Proxy-Authorization of two callers', () => ['Proxy-Authorization: Bearer x', own()], 'credentials-ambiguous'],
  [
    'Connection: authorization',
    () => [own(), 'Authorization: a', 'Connection: Authorization'],
    'credentials-ambiguous',
  ],
  ['Connection: proxy-authorization', () => [own(), 'Connection: Proxy-Authorization'], 'credentials-ambiguous'],
  ['the gateway’s token twice', () => [own(), `Authorization: Bearer ${token}`], 'credentials-ambiguous'],
  ['the same under another scheme', () => [own(), `Authorization: token   ${token}`], 'credentials-ambiguous'],
  ['a cookie of bob and the token of another', () => [own(), `Cookie: ${kit.cookie}`], 'credentials-ambiguous'],
  ['NTLM', () => [own(), 'Authorization: NTLM TlRMTVNTUAAB'], 'request-malformed'],
  ['Negotiate', () => [own(), 'Authorization: negotiate YIIC'], 'request-malformed'],
]
for (const [name, lines, reason] of smuggled) {
  test(`400: ${name}`, async () => {
    const text = await send(lines())
    assert.deepEqual([statusOf(text), reasonOf(text), received], [400, reason, []])
  })
}

test('spellings that an upstream may fold are dropped, and a folded line or a space before the colon is refused', async () => {
  await send([
    own(),
    `Authorization: ${BASIC}`,
    'Proxy_Authorization: x',
    'Authorization_: y',
    'X_Authorization: z',
    'AUTHORIZATION.: q',
  ])
  assert.deepEqual(valuesOf('proxy-authorization'), [])
  assert.deepEqual(valuesOf('authorization'), [BASIC])
  for (const line of ['Authorization : x', 'Authorization: a\r\n b', ' Authorization: x', 'Authorization: a\u0000b'])
    assert.equal(statusOf(await send([own(), line])), 400, JSON.stringify(line))
  assert.equal(received.length, 1)
})

test('a trailer is neither a credential for the gateway nor one for the application', async () => {
  const chunked = ['Transfer-Encoding: chunked', 'Trailer: Authorization, Proxy-Authorization']
  const body = `1\r\na\r\n0\r\nAuthorization: ${BASIC}\r\n${own()}\r\n\r\n`
  assert.equal(reasonOf(await send(chunked, { method: 'POST', body })), 'login-required')
  assert.equal(statusOf(await send([own(), ...chunked], { method: 'POST', body })), 401)
  assert.deepEqual([valuesOf('authorization'), received.length], [[], 1])
})

test('Authorization beside a session cookie does not switch off the check against cross-site requests', async () => {
  for (const authorization of [BASIC, `Bearer ${token}`, 'x']) {
    const lines = [
      `Cookie: ${kit.cookie}`,
      `Authorization: ${authorization}`,
      'Origin: https://evil.example',
      'Content-Length: 0',
    ]
    assert.equal(reasonOf(await send(lines, { method: 'POST' })), 'cross-origin')
  }
  assert.deepEqual(received, [])
})

test('no project is taken from Authorization, and an expiry in it does not spare a re-authorization', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = `${part({ alg: 'none' })}.${part({ exp: Date.now() / 1000 - 1, project_id: 'x', groups: ['project-beta'] })}.c2ln`
  await send([own(), `Authorization: Bearer ${forged}`], { path: '/shared/x' })
  assert.deepEqual(valuesOf('aoa-project-id'), ['11111111-1111-4111-8111-111111111111'])
})

test('a preflight of a permitted origin may ask for Authorization', async () => {
  const lines = [
    'Origin: https://ui.example',
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Headers: authorization',
  ]
  const text = await send(lines, { method: 'OPTIONS' })
  assert.match(text, /^HTTP\/1\.1 204 [\s\S]*Access-Control-Allow-Headers: authorization/)
  assert.deepEqual(received, [])
})

test('a WebSocket takes both', async () => {
  const client = new RawClient(kit.gateway.port)
  client.send(
    `GET /legacy/ws HTTP/1.1\r\nHost: ${new URL(kit.url).host}\r\n${own()}\r\nAuthorization: ${BASIC}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  await client.until((heard) => heard.includes('hello'))
  client.socket.destroy()
  assert.deepEqual([valuesOf('authorization'), valuesOf('proxy-authorization')], [[BASIC], []])
})

test('forward auth is denied: the proxy would forward both headers', async () => {
  const question = [
    'X-Forwarded-Method: GET',
    'X-Forwarded-Uri: /legacy/x',
    `X-Forwarded-Host: ${new URL(kit.url).host}`,
  ]
  const text = await send([...question, own(), `Authorization: ${BASIC}`], { path: '/auth/verify' })
  assert.deepEqual([statusOf(text), reasonOf(text)], [403, 'app-denied'])
  assert.doesNotMatch(text, /carol|Y2Fyb2w/)
})

test('neither credential is in the log', () => {
  const text = JSON.stringify(kit.logged)
  for (const secret of [
    btoa(OWN),
    'carols-password',
    token.slice(-40),
    btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`),
    'not.our.token',
  ])
    assert.ok(!text.includes(secret), secret)
})

test('curl, as the guide writes it', async () => {
  const url = `${kit.url}/legacy/`
  const { stdout } = await promisify(execFile)('curl', ['-s', '-H', own(), '-u', OWN, url])
  assert.equal(stdout, 'welcome')
  const { stdout: status } = await promisify(execFile)('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-u',
    OWN,
    url,
  ])
  assert.equal(status, '407')
})

test('behind Caddy, with the line of the guide', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'two-credentials-'))
  const port = await freePort()
  const up = `header_up Host ${new URL(kit.url).host}`
  const pass = 'header_up Proxy-Authorization {http.request.header.Proxy-Authorization}'
  const sites = `http://127.0.0.1:${port} {\n handle_path /without/* {\n rewrite * /legacy{uri}\n reverse_proxy ${kit.url} {\n ${up}\n }\n }\n handle {\n reverse_proxy ${kit.url} {\n ${up}\n ${pass}\n }\n }\n}`
  await writeFile(join(directory, 'Caddyfile'), `{\n admin off\n auto_https off\n}\n${sites}\n`)
  const child = spawn('caddy', ['run', '--config', join(directory, 'Caddyfile')], { stdio: 'ignore' })
  try {
    await listens(port)
    const headers = { 'proxy-authorization': `Bearer ${token}`, authorization: BASIC }
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status
    assert.deepEqual([await get('/legacy/x'), await get('/without/x')], [200, 401])
  } finally {
    child.kill()
    await once(child, 'exit')
    await rm(directory, { recursive: true })
  }
})

/** Resolves once something accepts connections. */
async function listens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
}
