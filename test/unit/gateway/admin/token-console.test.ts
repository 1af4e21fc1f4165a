import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import { beforeEach, test } from 'node:test'
import { pino } from 'pino'
import request, { type Response } from 'supertest'
import { buildAdminServer } from '../../../../src/gateway/admin/admin-server.ts'
import { buildMetrics } from '../../../../src/gateway/observability/metrics.ts'
import { type ConsoleKit, startConsole } from '../console/kit.ts'

/** The console on the admin listener: who gets in with the shared token, and what a form needs. */
const TOKEN = 'the-token-of-the-administrators'
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
const metrics = buildMetrics({ issuerReady: () => true, projects: () => 1 })
const log = pino({ level: 'silent' })
const HOST = 'admin.example:4181'
const SAME = { origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' }

let kit: ConsoleKit
let server: Server
beforeEach(() => {
  kit = startConsole({ server: { adminTokenHash: hashOf(TOKEN) } })
  server = listener(kit)
})

function listener(of: ConsoleKit): Server {
  const { config, clock, sessions } = of.deps
  const administration = () => ({ config, sessions, console: of.console })
  return buildAdminServer({ exposition: async () => '', administration, clock, log, metrics })
}

const open = (path: string, cookie = '', on = server) =>
  request(on)
    .get(path)
    .set({ host: HOST, accept: 'text/html', ...(cookie && { cookie }) })
const post = (path: string, fields: Record<string, string>, cookie = '', headers: Record<string, string> = SAME) =>
  request(server)
    .post(path)
    .type('form')
    .send(fields)
    .set({ host: HOST, accept: 'text/html', 'sec-fetch-mode': 'navigate', ...(cookie && { cookie }), ...headers })

const setCookieOf = (response: Response) => (response.get('Set-Cookie') ?? [])[0] ?? ''
const cookieOf = (response: Response) => setCookieOf(response).split(';', 1)[0] ?? ''
const formTokenOf = ({ text }: Response) => /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? ''

/** The cookie of whoever entered the token, and the proof of its forms. */
async function signedIn() {
  const cookie = cookieOf(await post('/console/sign-in', { token: TOKEN }))
  return { cookie, form_token: formTokenOf(await open('/console', cookie)) }
}

test('the token opens the console by a short-lived cookie that no script and no other site gets', async () => {
  assert.equal((await open('/')).headers.location, '/console')
  assert.equal((await open('/console/sessions')).headers.location, '/console/sign-in')
  const response = await post('/console/sign-in', { token: TOKEN })
  assert.deepEqual([response.status, response.headers.location], [303, '/console'])
  assert.match(
    setCookieOf(response),
    /^modelops_gateway_console=[^;]+; Max-Age=3600; Path=\/console; HttpOnly; SameSite=Strict$/,
  )
  assert.ok(!setCookieOf(response).includes(TOKEN) && !setCookieOf(response).includes(hashOf(TOKEN)))
  const page = await open('/console', cookieOf(response))
  assert.equal(page.status, 200)
  assert.match(page.text, /<h1>Overview<\/h1>/)
  assert.match(page.text, /connection refused/)
  assert.deepEqual(
    kit.recorded.map(({ action, decision }) => [action, decision]),
    [
      ['console.sign-in', undefined],
      ['console.view', undefined],
    ],
  )
})

test('every page has the strict headers, and no script', async () => {
  const { cookie } = await signedIn()
  for (const path of ['', '/sessions', '/projects', '/denials', '/why', '/configuration', '/reloads', '/sign-in']) {
    const { status, headers, text } = await open(`/console${path}`, cookie)
    assert.equal(status, 200, path)
    assert.match(
      headers['content-security-policy'] ?? '',
      /default-src 'none';.*frame-ancestors 'none';form-action 'self';/,
    )
    assert.deepEqual([headers['x-frame-options'], headers['cache-control']], ['DENY', 'no-store'], path)
    assert.ok(!text.includes('<script') && !text.includes(hashOf(TOKEN)), path)
  }
})

test('a wrong token opens nothing, is recorded, and is limited', async () => {
  const wrong = await post('/console/sign-in', { token: 'wrong' })
  assert.deepEqual([wrong.status, setCookieOf(wrong)], [401, ''])
  assert.match(wrong.text, /not the administration token/)
  assert.deepEqual([kit.recorded.at(-1)?.event, kit.recorded.at(-1)?.decision], ['admin-refused', 'denied'])
  for (let n = 1; n < 30; n++) await post('/console/sign-in', { token: `wrong-${n}` })
  const limited = await post('/console/sign-in', { token: TOKEN })
  assert.equal(limited.status, 429)
  assert.match(limited.text, /Too many attempts/)
})

test('the cookie ends with its time, with another token, and with other session secrets', async () => {
  const { cookie } = await signedIn()
  const other = startConsole({ server: { adminTokenHash: hashOf('another token') } })
  const rotated = startConsole({
    server: { adminTokenHash: hashOf(TOKEN) },
    session: { secrets: ['another-secret-of-the-tests-with-32-bytes'] },
  })
  for (const on of [other, rotated]) assert.equal((await open('/console', cookie, listener(on))).status, 303)
  assert.equal((await open('/console', cookie)).status, 200)
  kit.gateway.clock.advance(3601)
  assert.equal((await open('/console', cookie)).status, 303)
})

test('a cookie that was altered or made up opens nothing', async () => {
  const { cookie } = await signedIn()
  const [name, value = ''] = cookie.split('=')
  const [expiry, random, proof] = value.split('.')
  for (const forged of [
    `${Number(expiry) + 3600}.${random}.${proof}`,
    `${expiry}.AAAA.${proof}`,
    `${expiry}.${random}.`,
    `${expiry}.${random}`,
    `${expiry}.${random}.${'A'.repeat(43)}`,
    'NaN.x.y',
    '',
    hashOf(TOKEN),
    TOKEN,
  ])
    assert.equal((await open('/console', `${name}=${forged}`)).status, 303, forged)
})

test('a form needs the cookie, its own proof, and the origin of the console', async () => {
  await kit.gateway.signIn()
  const { cookie, form_token } = await signedIn()
  const other = await signedIn()
  const all = { all: 'true' }
  const total = async () => (await kit.deps.sessions.list({ offset: 0, limit: 1 })).total
  const end = (fields: Record<string, string>, from = cookie, headers?: Record<string, string>) =>
    post('/console/sessions/end', { ...all, ...fields }, from, headers)
  assert.equal((await end({ form_token }, '')).headers.location, '/console/sign-in')
  for (const [name, denied] of [
    ['no proof', await end({})],
    ['the proof of another sign-in', await end({ form_token: other.form_token })],
    ['another origin', await end({ form_token }, cookie, { origin: 'http://evil.example' })],
    ['another port', await end({ form_token }, cookie, { origin: 'http://admin.example:4180' })],
    ['another site', await end({ form_token }, cookie, { 'sec-fetch-site': 'cross-site' })],
    ['no origin at all', await end({ form_token }, cookie, { origin: 'null', 'sec-fetch-site': 'same-site' })],
  ] as const)
    assert.deepEqual([denied.status, await total()], [403, 1], name)
  const done = await end({ form_token })
  assert.deepEqual([done.headers.location, await total()], ['/console/sessions?ended=1', 0])
})

test('whatever the listener denies is recorded', async () => {
  const { cookie } = await signedIn()
  const denials: [Response, string, string][] = [
    [await post('/console/sessions/end', { all: 'true' }, cookie), 'console.request', 'cross-origin'],
    [await post('/console/sign-in', {}, '', { origin: 'http://evil.example' }), 'console.request', 'cross-origin'],
    [await open('/console/no-such-page', cookie), 'console.request', 'no-route'],
  ]
  for (let n = 0; n < 31; n++) await post('/console/sign-in', { token: `guess ${n}` })
  denials.push([await open('/sessions'), 'session.administration', 'rate-limited'])
  const recorded = kit.recorded
    .filter(({ event }) => event === 'admin-refused')
    .map(({ action, reason }) => `${action} ${reason}`)
  for (const [response, action, reason] of denials) {
    assert.match(response.text, new RegExp(reason))
    assert.ok(recorded.includes(`${action} ${reason}`), `${action} ${reason}`)
  }
  assert.equal(recorded.filter((each) => each === 'console.sign-in token-invalid').length, 30)
  assert.equal(recorded.filter((each) => each === 'console.request rate-limited').length, 1)
})

test('signing in needs the origin of the console as well', async () => {
  const denied = await post('/console/sign-in', { token: TOKEN }, '', { origin: 'http://evil.example' })
  assert.deepEqual([denied.status, setCookieOf(denied)], [403, ''])
})

test('signing out removes the cookie', async () => {
  const { cookie, form_token } = await signedIn()
  assert.equal((await open('/console/sign-out', cookie)).status, 404)
  const out = await post('/console/sign-out', { form_token }, cookie)
  assert.match(setCookieOf(out), /^modelops_gateway_console=; Max-Age=0; Path=\/console/)
  assert.equal(out.headers.location, '/console/sign-in')
})

test('a body that is too large, no form, or never comes is denied', async () => {
  assert.equal((await post('/console/sign-in', { token: 'x'.repeat(9000) })).status, 413)
  const json = request(server).post('/console/sign-in').send({ token: TOKEN })
  assert.equal((await json.set({ host: HOST, ...SAME })).status, 400)
})

test('other methods and paths are denied, and a bearer token opens no page', async () => {
  const { cookie } = await signedIn()
  for (const method of ['put', 'delete', 'patch'] as const)
    assert.equal((await request(server)[method]('/console').set({ host: HOST, cookie })).status, 405, method)
  for (const path of ['/console/x', '/console/sessions/x', '/consolex']) {
    const { status } = await open(path, cookie)
    assert.ok(status === 404 || status === 401, path)
  }
  const bearer = await request(server)
    .get('/console')
    .set({ host: HOST, authorization: `Bearer ${TOKEN}` })
  assert.equal(bearer.headers.location, '/console/sign-in')
})

test('HEAD is a GET without a body', async () => {
  const { cookie } = await signedIn()
  const head = await request(server).head('/console').set({ host: HOST, cookie })
  assert.deepEqual([head.status, head.text ?? ''], [200, ''])
})

test('a store that is down is shown, and the other pages still open', async () => {
  const { cookie } = await signedIn()
  kit.gateway.backend.ping = () => Promise.reject(new Error('no response'))
  kit.gateway.backend.list = () => Promise.reject(new Error('no response'))
  kit.gateway.backend.readJournal = () => Promise.reject(new Error('no response'))
  const page = await open('/console', cookie)
  assert.equal(page.status, 200)
  assert.match(page.text, /Not responding/)
  assert.equal((await open('/console/configuration', cookie)).status, 200)
  assert.equal((await open('/console/sessions', cookie)).status, 500)
})

test('reloads are listed with what was wrong, newest first', async () => {
  const failed = {
    at: kit.deps.clock(),
    result: 'failure' as const,
    changed: [],
    errors: [{ path: 'routes.0.upstream', expected: 'a URL', got: '<b>nothing</b>' }],
  }
  kit = startConsole({ server: { adminTokenHash: hashOf(TOKEN) } }, { reloads: [failed] })
  server = listener(kit)
  const { cookie } = await signedIn()
  const { text } = await open('/console/reloads', cookie)
  assert.match(text, /failed/)
  assert.match(text, /routes\.0\.upstream: expected a URL, got &lt;b&gt;nothing&lt;\/b&gt;/)
})
