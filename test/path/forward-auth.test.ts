import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { Browser } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'

/** `/auth/verify`: asked by hand, by a real nginx and by a real Caddy. The decision is the path's own. */

let kit: Kit
let cookie = ''
let behind: Recorder
let directory = ''
const proxies: Record<string, { url: string; child: ChildProcess }> = {}

before(async () => {
  behind = await startRecorder()
  kit = await startKit({
    config: { server: { trustedProxies: ['127.0.0.1/32'] } },
    routes: [
      { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
      { name: 'ops', app: 'generic', path: '/ops', access: 'admin' },
      { name: 'quiet', app: 'generic', path: '/quiet', access: 'login', webSockets: false },
      { name: 'open', app: 'generic', path: '/open', access: 'public' },
      { name: 'tracking', app: 'mlflow', path: '/tracking', access: 'project' },
    ],
  })
  cookie = (await signedInBrowser(kit, 'bob')).cookieHeader(new URL(kit.url))
  directory = await mkdtemp(join(tmpdir(), 'forward-auth-'))
  await Promise.all([startNginx(), startCaddy()])
})
after(async () => {
  for (const { child } of Object.values(proxies)) {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  await Promise.all([kit.close(), behind.close(), rm(directory, { recursive: true })])
})
beforeEach(() => {
  behind.received.length = 0
})

async function started(name: string, port: number, command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, HOME: directory } })
  proxies[name] = { url: `http://127.0.0.1:${port}`, child }
  for (let i = 0; i < 100; i += 1) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (up) return
    await sleep(100)
  }
  throw new Error(`${name} does not listen`)
}

const COPIED = ['AOA-Project-ID', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Gateway-Assertion']

async function startNginx(): Promise<void> {
  const port = await freePort()
  const variable = (name: string) => name.toLowerCase().replaceAll('-', '_')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${directory};`)
  const file = join(directory, 'nginx.conf')
  await writeFile(
    file,
    `daemon off; pid ${directory}/nginx.pid; error_log stderr;
    events {}
    http { access_log off; ${temporary.join(' ')}
      server { listen 127.0.0.1:${port};
        location = /verify { internal;
          proxy_pass ${kit.url}/auth/verify?for=nginx;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
          proxy_set_header X-Forwarded-Method $request_method;
          proxy_set_header X-Forwarded-Uri $request_uri;
          proxy_set_header X-Forwarded-Host $http_x_test_host;
          proxy_set_header X-Forwarded-For $remote_addr; }
        location / { auth_request /verify;
          ${COPIED.map((name) => `auth_request_set $gateway_${variable(name)} $upstream_http_${variable(name)}; proxy_set_header ${name} $gateway_${variable(name)};`).join('\n')}
          auth_request_set $login $upstream_http_x_gateway_login;
          error_page 401 =302 $login;
          proxy_set_header Cookie "";
          proxy_pass ${behind.url}; } } }`,
  )
  await started('nginx', port, 'nginx', ['-c', file, '-p', directory])
}

async function startCaddy(): Promise<void> {
  const port = await freePort()
  const file = join(directory, 'Caddyfile')
  await writeFile(
    file,
    `{
      admin off
      auto_https off
    }
    http://127.0.0.1:${port} {
      forward_auth ${kit.url} {
        uri /auth/verify
        header_up X-Forwarded-Host {http.request.header.X-Test-Host}
        copy_headers ${COPIED.join(' ')}
      }
      reverse_proxy ${behind.url} {
        header_up -Cookie
      }
    }`,
  )
  await started('caddy', port, 'caddy', ['run', '--config', file, '--adapter', 'caddyfile'])
}

const ask = (headers: Record<string, string>, query = '') =>
  fetch(`${kit.url}/auth/verify${query}`, { headers, redirect: 'manual' })
const question = (uri: string, method = 'GET', more = {}) => ({
  'x-forwarded-method': method,
  'x-forwarded-uri': uri,
  'x-forwarded-host': new URL(kit.url).host,
  cookie,
  ...more,
})

test('a verdict of 200 carries every header the proxy is to set, empty where there is nothing to say', async () => {
  const answer = await ask(question('/notes/a'))
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('aoa-project-id'), ALPHA)
  assert.equal(answer.headers.get('x-forwarded-user'), 'bob')
  assert.match(answer.headers.get('x-gateway-assertion') ?? '', /^eyJ/)
  const anonymous = await ask(question('/open/a'))
  assert.equal(anonymous.status, 200)
  assert.equal(anonymous.headers.get('x-forwarded-user'), '')
  assert.equal(anonymous.headers.get('aoa-project-id'), '')
})

const refusals: [string, number, string, Record<string, string>][] = [
  ['nobody', 401, 'login-required', { cookie: '' }],
  ['a project of others', 403, 'not-in-project', { 'aoa-project-id': BETA }],
  ['an administrator’s path', 403, 'admin-only', { 'x-forwarded-uri': '/ops/a' }],
  ['a path no route names', 404, 'no-route', { 'x-forwarded-uri': '/other' }],
  ['our own endpoints', 404, 'no-route', { 'x-forwarded-uri': '/auth/session' }],
  ['our own health', 404, 'no-route', { 'x-forwarded-uri': '/healthz' }],
  ['the portal', 404, 'no-route', { 'x-forwarded-uri': '/' }],
  ['another host', 404, 'no-route', { 'x-forwarded-host': 'evil.example' }],
  ['a path with a step up', 400, 'path-ambiguous', { 'x-forwarded-uri': '/notes/../ops' }],
  ['a path that is not in its plain form', 400, 'path-ambiguous', { 'x-forwarded-uri': '/%6eotes/a' }],
  ['a method nobody allowed', 405, 'method-not-allowed', { 'x-forwarded-method': 'TRACE' }],
  ['something that is no method', 400, 'request-malformed', { 'x-forwarded-method': 'get it' }],
  ['what only the gateway can pass on', 403, 'app-denied', { 'x-forwarded-uri': '/tracking/version' }],
  ['a form of another site', 403, 'cross-origin', { 'x-forwarded-method': 'POST', origin: 'https://evil.example' }],
]
for (const [what, status, reason, more] of refusals) {
  test(`${what} is refused with ${reason}`, async () => {
    const answer = await ask(question('/notes/a', 'GET', more))
    assert.equal(answer.status, status)
    assert.equal(((await answer.json()) as { reason: string }).reason, reason)
    const plain = await ask(question('/notes/a', 'GET', more), '?for=nginx')
    assert.equal(plain.status, status === 401 ? 401 : 403)
    assert.equal(plain.headers.get('x-gateway-reason'), reason)
  })
}

test('a refused HEAD is answered with the body that its question, a GET, is promised', async () => {
  const answer = await ask(question('/ops/a', 'HEAD'))
  assert.equal(answer.status, 403)
  assert.equal(((await answer.json()) as { reason: string }).reason, 'admin-only')
})

/** As nginx asks about a handshake: `Upgrade` is for one hop and stays behind. */
const HANDSHAKE = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' }
const handshakes: [string, string, Record<string, string>, number, string][] = [
  ['of another site', '/notes/ws', { origin: 'https://evil.example' }, 403, 'cross-origin'],
  ['without Origin', '/notes/ws', {}, 403, 'cross-origin'],
  ['where the route has none', '/quiet/ws', { origin: 'own' }, 403, 'app-denied'],
]
for (const [what, uri, more, status, reason] of handshakes) {
  test(`a WebSocket ${what} is refused with ${reason}, though the question does not say Upgrade`, async () => {
    const origin = more.origin === 'own' ? { origin: kit.url } : more
    const answer = await ask(question(uri, 'GET', { ...HANDSHAKE, ...origin }))
    assert.equal(answer.status, status)
    assert.equal(((await answer.json()) as { reason: string }).reason, reason)
  })
}

test('a WebSocket of our own page passes', async () => {
  assert.equal((await ask(question('/notes/ws', 'GET', { ...HANDSHAKE, origin: kit.url }))).status, 200)
})

for (const missing of ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host'] as const) {
  test(`a question without ${missing} is malformed`, async () => {
    const { [missing]: _left, ...rest } = question('/notes/a')
    assert.equal((await ask(rest)).status, 400)
  })
}

test('a peer that is no trusted proxy is told nothing', async () => {
  const closed = await startKit()
  const answer = await fetch(`${closed.url}/auth/verify`, { headers: question('/notes/a') })
  assert.equal(answer.status, 403)
  assert.equal(((await answer.json()) as { reason: string }).reason, 'proxy-untrusted')
  await closed.close()
})

for (const proxy of ['nginx', 'caddy']) {
  const through = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    fetch(`${proxies[proxy]?.url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { 'x-test-host': new URL(kit.url).host, cookie, ...init.headers },
    })

  test(`${proxy} forwards what is allowed, with our headers over the client’s own`, async () => {
    const forged = { 'X-Forwarded-User': 'admin', 'X-Forwarded-Groups': 'modelops-admins', 'X-Gateway-Assertion': 'x' }
    assert.equal((await through('/notes/a?b=c', { headers: forged })).status, 200)
    assert.equal(behind.received.length, 1)
    assert.equal(behind.received[0]?.target, '/notes/a?b=c')
    assert.deepEqual(behind.lastValues('AOA-Project-ID'), [ALPHA])
    assert.deepEqual(behind.lastValues('X-Forwarded-User'), ['bob'])
    assert.deepEqual(behind.lastValues('X-Forwarded-Groups'), ['project-alpha'])
    assert.match(behind.lastValues('X-Gateway-Assertion').join(), /^eyJ[^,]*$/)
  })

  test(`${proxy} lets a client name nobody on a public route`, async () => {
    await through('/open/a', { headers: { 'X-Forwarded-User': 'admin', 'AOA-Project-ID': BETA } })
    assert.deepEqual(behind.lastValues('X-Forwarded-User').filter(Boolean), [])
    assert.deepEqual(behind.lastValues('AOA-Project-ID').filter(Boolean), [])
  })

  test(`${proxy} forwards nothing that is refused`, async () => {
    assert.equal((await through('/ops/a')).status, 403)
    assert.equal((await through('/notes/a', { headers: { 'AOA-Project-ID': BETA } })).status, 403)
    assert.equal(
      (await through('/notes/a', { method: 'POST', body: 'x', headers: { origin: 'https://evil.example' } })).status,
      403,
    )
    assert.equal(behind.received.length, 0)
  })

  test(`${proxy} sends a page of nobody to the login`, async () => {
    const headers = { 'x-test-host': new URL(kit.url).host, accept: 'text/html', 'sec-fetch-mode': 'navigate' }
    const answer = await new Browser().fetch(`${proxies[proxy]?.url}/notes/a`, { headers })
    assert.equal(answer.status, 302)
    assert.match(answer.headers.get('location') ?? '', /\/auth\/login\?return_to=%2Fnotes%2Fa$/)
    assert.equal(behind.received.length, 0)
  })

  test(`${proxy} forwards a body with the request it asked about`, async () => {
    const answer = await through('/notes/a', { method: 'POST', body: 'x=1', headers: { origin: kit.url } })
    assert.equal(answer.status, 200)
    assert.equal(behind.received[0]?.body.toString(), 'x=1')
  })
}
