import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import request from 'supertest'
import type { Principal } from '../../../../src/gateway/policy/types.ts'
import { buildAuthenticate } from '../../../../src/gateway/tokens/authenticate.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from './fake-issuer.ts'
import { ALPHA, BETA, type Browser, type LoginKit, startLoginKit } from './kit.ts'

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

const JSON_ONLY = { accept: 'application/json', 'sec-fetch-mode': 'cors' }

async function loginWith(groups: unknown): Promise<Browser> {
  fake.bent.claims = { groups }
  const visitor = kit.browser()
  await visitor.login(fake)
  return visitor
}

test('/auth/session says who I am and what I reach, and holds no token', async () => {
  const response = await browser.open('/auth/session', JSON_ONLY)
  assert.equal(response.status, 200)
  assert.equal(response.get('cache-control'), 'no-store')
  const { expires_at, idle_expires_at, ...rest } = response.body
  assert.deepEqual(rest, {
    issuer: fake.url,
    subject: 'alice-sub',
    username: 'alice',
    email: 'alice@example.org',
    name: 'Alice Example',
    groups: ['project-alpha'],
    admin: false,
    projects: [{ id: ALPHA, name: 'alpha', role: 'editor' }],
    applications: [
      { title: 'MLflow', url: 'https://o.example/mlflow/', type: 'web' },
      { title: 'Airflow', url: 'https://o.example/airflow/', type: 'web' },
      { title: 'Core API', url: 'https://api.example/', type: 'api' },
    ],
    selected_project: null,
    login_url: '/auth/login',
    logout_url: '/auth/logout',
    project_url: '/auth/project',
  })
  assert.ok(Date.parse(expires_at) - Date.now() > 43_000_000)
  assert.ok(Date.parse(idle_expires_at) - Date.now() < 3_601_000)
  assert.ok(!response.text.includes('access-token') && !response.text.includes('eyJ'))
})

test('/auth/session answers a client with a bearer token, who has no session that could end', async () => {
  const { sessions } = kit.deps
  const alice = (await sessions.load(browser.cookieHeader))?.principal
  assert.ok(alice)
  const tokens: Record<string, Principal> = { 'Bearer own': alice, 'Bearer other': { ...alice, subject: 'ci' } }
  const authenticate = buildAuthenticate(sessions, (header) => ({
    principal: tokens[header] ?? assert.fail(header),
    via: 'bearer',
  }))
  const { app } = startLoginKit(fake, {}, { authenticate, sessions })
  const ask = (authorization: string, cookie = '') => request(app).get('/auth/session').set({ authorization, cookie })
  const { body } = await ask('Bearer other')
  assert.equal(body.subject, 'ci')
  assert.deepEqual(body.projects, [{ id: ALPHA, name: 'alpha', role: 'editor' }])
  assert.equal(body.expires_at, null)
  assert.equal((await ask('Bearer other', browser.cookieHeader)).body.reason, 'credentials-ambiguous')
  assert.ok((await ask('Bearer own', browser.cookieHeader)).body.expires_at)
})

test('/auth/client-config tells anybody where to sign in and where the routes are, and no secret', async () => {
  const response = await request(kit.app).get('/auth/client-config')
  assert.equal(response.status, 200)
  assert.equal(response.body.issuer, fake.url)
  assert.ok(response.body.routes.some(({ url }: { url: string }) => url === 'https://o.example/mlflow'))
  assert.ok(!response.text.includes(fake.secret) && !response.text.includes('127.0.0.1:5000'))
})

test('/auth/session shows an administrator every project, a viewer the reading role, a stranger none', async () => {
  const admin = (await (await loginWith(['modelops-admins'])).open('/auth/session', JSON_ONLY)).body
  assert.equal(admin.admin, true)
  assert.deepEqual(
    admin.projects.map(({ name, role }: Record<string, string>) => [name, role]),
    [
      ['alpha', 'admin'],
      ['beta', 'admin'],
    ],
  )
  const viewer = (await (await loginWith(['readers'])).open('/auth/session', JSON_ONLY)).body
  assert.deepEqual(viewer.projects, [{ id: ALPHA, name: 'alpha', role: 'viewer' }])
  const nobody = (await (await loginWith(undefined)).open('/auth/session', JSON_ONLY)).body
  assert.deepEqual([nobody.projects, nobody.groups, nobody.admin], [[], [], false])
})

test('without a session a script gets 401 with the way to log in, a browser the login', async () => {
  const stranger = kit.browser()
  const script = await stranger.open('/auth/session', JSON_ONLY)
  assert.equal(script.status, 401)
  assert.equal(script.get('content-type'), 'application/problem+json')
  assert.equal(script.body.reason, 'login-required')
  assert.equal(script.body.request_id, script.get('x-request-id'))
  assert.equal(
    script.get('www-authenticate'),
    'Bearer resource_metadata="https://o.example/.well-known/oauth-protected-resource"',
  )
  assert.equal(script.get('link'), '</auth/login>; rel="login"')
  const page = await stranger.open('/', { 'sec-fetch-mode': 'navigate' })
  assert.equal(page.status, 303)
  assert.equal(page.get('location'), '/auth/login')
  const chooser = await stranger.open('/auth/project?return_to=/mlflow/', { 'sec-fetch-mode': 'navigate' })
  assert.equal(chooser.get('location'), '/auth/login?return_to=%2Fauth%2Fproject%3Freturn_to%3D%2Fmlflow%2F')
})

test('a form of ours selects a project for the session and leads back', async () => {
  const visitor = await loginWith(['project-alpha', 'project-beta'])
  const response = await visitor.post('/auth/project', { project: BETA.toUpperCase(), return_to: '/mlflow/#/x' })
  assert.equal(response.status, 303)
  assert.equal(response.get('location'), '/mlflow/#/x')
  assert.equal((await visitor.open('/auth/session', JSON_ONLY)).body.selected_project, BETA)
  await visitor.post('/auth/project', { project: '' })
  assert.equal((await visitor.open('/auth/session', JSON_ONLY)).body.selected_project, null)
})

test('a script selects a project by JSON and clears it with null', async () => {
  const send = (body: object) =>
    request(kit.app)
      .post('/auth/project')
      .set({ cookie: browser.cookieHeader, origin: 'https://ui.example', 'sec-fetch-site': 'cross-site' })
      .send(body)
  assert.deepEqual((await send({ project: ALPHA })).body, { selected_project: { id: ALPHA, name: 'alpha' } })
  assert.equal((await browser.open('/auth/session', JSON_ONLY)).body.selected_project, ALPHA)
  assert.deepEqual((await send({ project: null })).body, { selected_project: null })
})

test('a selected project that is no longer mine is not shown as selected', async () => {
  await browser.post('/auth/project', { project: ALPHA })
  const session = await kit.deps.sessions.load(browser.cookieHeader)
  assert.ok(session)
  await kit.deps.sessions.selectProject(session, BETA)
  assert.equal((await browser.open('/auth/session', JSON_ONLY)).body.selected_project, null)
})

const UNKNOWN = '99999999-9999-4999-8999-999999999999'
const refused: [string, object | string, number, string][] = [
  ['a project of others', { project: BETA }, 403, 'not-in-project'],
  ['an unknown project', { project: UNKNOWN }, 403, 'not-in-project'],
  ['no UUID', { project: 'alpha' }, 400, 'project-malformed'],
  ['a UUID with more behind it', { project: `${ALPHA}x` }, 400, 'project-malformed'],
  ['no project', {}, 400, 'project-missing'],
  ['a list of projects', { project: [ALPHA] }, 400, 'body-malformed'],
  ['a project as an object', { project: { id: ALPHA } }, 400, 'body-malformed'],
  ['a list as body', [ALPHA], 400, 'body-malformed'],
  ['broken JSON', '{"project":', 400, 'body-malformed'],
  ['a body that is too large', { project: 'x'.repeat(9000) }, 413, 'body-too-large'],
]
for (const [name, body, status, reason] of refused) {
  test(`selecting ${name} is refused as ${reason}`, async () => {
    const response = await request(kit.app)
      .post('/auth/project')
      .set({ cookie: browser.cookieHeader, 'content-type': 'application/json' })
      .send(typeof body === 'string' ? body : JSON.stringify(body))
    assert.equal(response.status, status)
    assert.equal(response.body.reason, reason)
  })
}

test('a form that names the project twice, and a body of another type, are refused', async () => {
  const headers = { cookie: browser.cookieHeader }
  const twice = await request(kit.app)
    .post('/auth/project')
    .set(headers)
    .type('form')
    .send(`project=${ALPHA}&project=${BETA}`)
  assert.equal(twice.body.reason, 'body-malformed')
  const text = await request(kit.app)
    .post('/auth/project')
    .set(headers)
    .type('text/plain')
    .send(`{"project":"${ALPHA}"}`)
  assert.equal(text.body.reason, 'body-malformed')
})

test('a link never selects a project', async () => {
  await browser.open(`/auth/project?project=${ALPHA}`)
  assert.equal((await browser.open('/auth/session', JSON_ONLY)).body.selected_project, null)
})

test('the chooser offers my projects and no others, and where to go on', async () => {
  const response = await browser.open('/auth/project?return_to=/mlflow/')
  assert.equal(response.status, 200)
  assert.ok(response.text.includes(ALPHA) && !response.text.includes(BETA))
  assert.ok(response.text.includes('name="return_to" value="/mlflow/"'))
  const hostile = await browser.open('/auth/project?return_to=https://evil.example/')
  assert.ok(!hostile.text.includes('evil'))
  const nobody = await (await loginWith([])).open('/auth/project')
  assert.match(nobody.text, /not a member of any project/)
})

test('the portal lists what I may open: the admin everything, a stranger nothing', async () => {
  const titles = async (visitor: Browser) =>
    [...(await visitor.open('/')).text.matchAll(/class="tile" href="([^"]+)"><strong>([^<]+)/g)].map(
      ([, href, title]) => `${title} ${href}`,
    )
  assert.deepEqual(await titles(browser), ['MLflow /mlflow/', 'Airflow /airflow/'])
  assert.deepEqual(await titles(await loginWith(['modelops-admins'])), [
    'MLflow /mlflow/',
    'Airflow /airflow/',
    'Operations /ops/',
  ])
  assert.deepEqual(await titles(await loginWith([])), [])
  // It has no page to open: its address, and what describes it.
  const api =
    /<div class="tile"><strong>Core API<.*\n<code>https:\/\/api\.example<.*\n<a href="https:\/\/api\.example\/openapi\.json"/
  assert.match((await browser.open('/')).text, api)
  assert.doesNotMatch((await (await loginWith([])).open('/')).text, /Core API/)
})

const methods: [string, string, string][] = [
  ['/', 'post', 'GET, HEAD'],
  ['/auth/login', 'post', 'GET, HEAD'],
  ['/auth/signed-out', 'post', 'GET, HEAD'],
  ['/auth/session', 'delete', 'GET, HEAD'],
  ['/auth/logout', 'put', 'GET, HEAD, POST'],
  ['/auth/project', 'patch', 'GET, HEAD, POST'],
]
for (const [path, method, allow] of methods) {
  test(`${method.toUpperCase()} ${path} is not allowed, and the answer says what is`, async () => {
    const response = await request(kit.app)[method as 'post'](path)
    assert.equal(response.status, 405)
    assert.equal(response.get('allow'), allow)
    assert.equal(response.body.reason, 'method-not-allowed')
  })
}

test('an unknown endpoint is 404 no-route, as JSON or as a page; paths are exact', async () => {
  for (const path of ['/auth/nothing', '/auth/login/', '/AUTH/login', '/auth', '/auth/callback/x']) {
    const response = await request(kit.app).get(path)
    assert.equal(response.status, 404, path)
    assert.equal(response.body.reason, 'no-route')
  }
  const page = await browser.open('/auth/<script>alert(1)</script>')
  assert.equal(page.status, 404)
  assert.ok(page.text.includes('<code>no-route</code>') && !page.text.includes('<script>alert'))
})

test('an error nobody foresaw is a 500 without its words', async () => {
  const broken = startLoginKit(fake, {}, { rules: undefined as never })
  const visitor = broken.browser()
  await visitor.login(fake)
  const response = await visitor.open('/auth/session', JSON_ONLY)
  assert.equal(response.status, 500)
  assert.equal(response.body.reason, 'internal')
  assert.ok(!response.text.includes('undefined') && !response.text.includes(' at '))
  assert.ok(
    broken.logged.some(({ reason, cause }) => reason === 'internal' && JSON.stringify(cause).includes('TypeError')),
  )
})

test('a request ID from outside counts for nothing, and the response has the one that the log has', async () => {
  const { body, headers } = await request(kit.app).get('/auth/nothing').set('x-request-id', 'from-outside')
  assert.notEqual(body.request_id, 'from-outside')
  assert.equal(headers['x-request-id'], body.request_id)
  assert.equal(kit.logged.at(-1)?.request_id, body.request_id)
})
