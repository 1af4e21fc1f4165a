import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Admission, AppRequest } from '../../../../../src/gateway/apps/profile.ts'
import { profileOf } from '../../../../../src/gateway/apps/profile-of.ts'
import type { RouteConfig } from '../../../../../src/gateway/config/schema.ts'
import { parseTarget } from '../../../../../src/gateway/http/target.ts'
import type { Use } from '../../../../../src/gateway/policy/types.ts'

const route = (login: 'assertion' | 'fab'): RouteConfig => ({
  name: 'airflow',
  app: 'airflow',
  path: '/airflow',
  upstream: 'http://127.0.0.1:8080',
  access: 'member',
  methods: ['GET', 'POST'],
  basicCredentials: false,
  credentials: 'authorization',
  webSockets: true,
  pageBar: 'on',
  transfers: 'proxied',
  presignedSeconds: 3600,
  responseSeconds: 300,
  connectSeconds: 5,
  airflow: { login, projectKey: 'id' },
})
const byAssertion = profileOf(route('assertion'))
const byFab = profileOf(route('fab'))

const ask = (line: string): AppRequest => {
  const [method = '', target = ''] = line.split(' ')
  const { path, decodedPath, query } = parseTarget(target)
  return { method, path, decodedPath, query, headers: {} }
}

const uses: [string, Use][] = [
  ['GET /', 'read'],
  ['GET /dags/x/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00', 'read'],
  ['GET /api/v2/dags/x/dagRuns/r/wait?interval=1', 'read'],
  ['HEAD /api/v2/dags', 'read'],
  ['OPTIONS /api/v2/dags', 'read'],
  ['POST /api/v2/dags/~/dagRuns/list', 'read'],
  ['POST /api/v2/dags/~/dagRuns/~/taskInstances/list', 'read'],
  ['POST /api/v2/dags/x/favorite', 'read'],
  ['POST /api/v2/dags/x/unfavorite', 'read'],
  ['POST /api/v2/dags/x/dagRuns', 'write'],
  ['POST /api/v2/dags/x/dagRuns/list/clear', 'write'],
  ['PATCH /api/v2/dags/x/dagRuns/list', 'write'],
  ['POST /api/v2/dags/x/clearTaskInstances', 'write'],
  ['PATCH /api/v2/dags/x', 'write'],
  ['DELETE /api/v2/variables/x', 'write'],
  ['POST /ui/anything', 'write'],
  ['POST /pluginsv2/mine/save', 'write'],
  ['POST /', 'denied'],
  ['POST /api/v2', 'denied'],
  ['POST /somewhere/else', 'denied'],
  ['PROPFIND /api/v2/dags', 'denied'],
  ['POST /ui/auth/token', 'denied'],
  ['GET /ui/auth/token', 'denied'],
  ['POST /ui/%61uth/token/', 'denied'],
  ['POST /auth/token', 'denied'],
  ['POST /auth/token/cli', 'denied'],
  ['POST /auth/login/', 'denied'],
  ['POST /auth/register/form', 'denied'],
  ['GET /auth/users/list/', 'read'],
  ['POST /auth/users/edit/1', 'admin'],
  ['GET /auth/fab/v1/users', 'admin'],
  ['POST /auth/fab/v1/roles', 'admin'],
]
for (const [line, use] of uses) {
  test(`reads ${line} as ${use}`, () => assert.equal(byAssertion.use(ask(line)), use))
}

test('hides the API of workers from everybody', () => {
  for (const path of ['/execution', '/execution/', '/execution/task-instances/1/run', '/%65xecution/x'])
    assert.equal(byAssertion.hides?.(ask(`PATCH ${path}`)), true, path)
  for (const path of ['/executions', '/dags/execution', '/Execution', '/api/v2/dags/execution'])
    assert.equal(byAssertion.hides?.(ask(`GET ${path}`)), false, path)
})

test('allows an encoded slash only in names that may hold one', () => {
  const allows = (path: string) => byAssertion.allowsInPath?.('encoded-slash', parseTarget(path).decodedPath)
  assert.equal(allows('/api/v2/variables/team%2Fkey'), true)
  assert.equal(allows('/api/v2/pools/a%2Fb'), true)
  assert.equal(allows('/api/v2/dags/d/dagRuns/r/taskInstances/t/xcomEntries/a%2Fb'), true)
  assert.equal(allows('/api/v2/dags/a%2Fb'), false)
  assert.equal(allows('/ui%2Fauth/token'), false)
  assert.equal(byAssertion.allowsInPath?.('semicolon', '/api/v2/variables/a;b'), false)
  assert.equal(byAssertion.allowsInPath?.('double-encoding', '/api/v2/variables/a%2Fb'), false)
})

test('starts our login where Airflow’s own page asks for its login, and comes back', () => {
  const next = encodeURIComponent('http://localhost:4180/airflow/dags?tags=a&b=c')
  assert.deepEqual(byAssertion.loginPath?.(ask(`GET /api/v2/auth/login?next=${next}`)), {
    returnTo: 'http://localhost:4180/airflow/dags?tags=a&b=c',
  })
  assert.deepEqual(byAssertion.loginPath?.(ask('GET /api/v2/auth/login')), { returnTo: '/airflow/' })
  assert.equal(byAssertion.loginPath?.(ask('POST /api/v2/auth/login')), undefined)
  assert.equal(byAssertion.loginPath?.(ask('GET /api/v2/auth/login/x')), undefined)
})

test('takes both of Airflow’s logouts for ours', () => {
  for (const profile of [byAssertion, byFab]) {
    for (const path of ['/api/v2/auth/logout', '/auth/logout', '/auth/logout/'])
      assert.equal(profile.logoutPath?.(ask(`GET ${path}`)), true, path)
    assert.equal(profile.logoutPath?.(ask('GET /auth/logout/x')), false)
    assert.equal(profile.logoutPath?.(ask('POST /api/v2/auth/logout')), false)
  }
})

test('passes no cookie and no Authorization on where the assertion says who asks', () => {
  assert.equal(byAssertion.cookies, 'none')
  assert.equal(byAssertion.authorization, 'none')
  assert.equal(byAssertion.endCookies, undefined)
})

test('with FAB passes Airflow’s cookies alone, and the assertion, which decides', () => {
  assert.deepEqual(byFab.cookies, ['session', '_token'])
  assert.equal(byFab.authorization, 'assertion')
  assert.equal(byFab.loginPath, undefined)
})

test('with FAB ends Airflow’s cookies under every path they were ever set for', () => {
  const ended = byFab.endCookies?.() ?? []
  for (const name of ['session', '_token'])
    for (const path of ['/airflow/', '/airflow', '/'])
      assert.ok(ended.includes(`${name}=; Path=${path}; Max-Age=0; HttpOnly; SameSite=Lax`), `${name} ${path}`)
  assert.equal(ended.length, 6)
})

test('with FAB skips the page that asks which provider to use', () => {
  const reply = (line: string) => byFab.reply?.({ request: ask(line) } as Admission)
  assert.deepEqual(reply('GET /auth/login/?next=%2Fairflow%2F')?.headers, {
    Location: '/airflow/auth/login/keycloak?next=%2Fairflow%2F',
    'Cache-Control': 'no-store',
  })
  assert.equal(reply('GET /auth/login')?.status, 302)
  assert.equal(reply('GET /auth/login/keycloak'), undefined)
  assert.equal(byAssertion.reply, undefined)
})

test('refuses in Airflow’s own words', () => {
  const { contentType, body } = byAssertion.refusal('login-required', 401, 'You are not signed in.', 'r-1')
  assert.equal(contentType, 'application/json')
  assert.deepEqual(JSON.parse(body), {
    detail: 'You are not signed in.',
    reason: 'login-required',
    request_id: 'r-1',
  })
})
