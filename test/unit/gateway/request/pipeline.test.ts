import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { profileOf } from '../../../../src/gateway/apps/profile-of.ts'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { buildForwarder } from '../../../../src/gateway/forward/forwarder.ts'
import { buildSigner } from '../../../../src/gateway/forward/headers/assertion.ts'
import { buildResponsePlan } from '../../../../src/gateway/forward/response-plan.ts'
import { buildUpstreamRequest } from '../../../../src/gateway/forward/upstream-request.ts'
import { buildClientAddress } from '../../../../src/gateway/http/client-address.ts'
import { buildApplicationStates } from '../../../../src/gateway/observability/application-states.ts'
import { buildMetrics } from '../../../../src/gateway/observability/metrics.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Principal } from '../../../../src/gateway/policy/types.ts'
import { fixedSource } from '../../../../src/gateway/projects/source.ts'
import { buildAuthorize } from '../../../../src/gateway/request/authorize.ts'
import { buildCrossOrigin } from '../../../../src/gateway/request/cross-origin.ts'
import { buildDenials } from '../../../../src/gateway/request/denials.ts'
import { buildHandle } from '../../../../src/gateway/request/handle.ts'
import { buildPass } from '../../../../src/gateway/request/pass.ts'
import { buildPipeline } from '../../../../src/gateway/request/pipeline.ts'
import { buildResponder } from '../../../../src/gateway/request/responder.ts'
import { buildRoutes } from '../../../../src/gateway/routing/routes.ts'
import { Sessions } from '../../../../src/gateway/sessions/sessions.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { buildAuthenticate } from '../../../../src/gateway/tokens/authenticate.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { logAudit } from '../audit/log-trail.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111'
const BETA = '22222222-2222-4222-8222-222222222222'

interface Seen {
  url: string
  method: string
  raw: string[]
  headers: IncomingHttpHeaders
  body: string
}
interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

let upstream: Server
let gateway: Server
let seen: Seen[] = []
let cookie = ''
const log = pino({ level: 'silent' })
const port = (server: Server) => (server.address() as AddressInfo).port

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

before(async () => {
  upstream = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      seen.push({
        url: req.url ?? '',
        method: req.method ?? '',
        raw: req.rawHeaders,
        headers: req.headers,
        body: Buffer.concat(chunks).toString(),
      })
      res.writeHead(200, {
        'Content-Type': 'text/plain',
        'Set-Cookie': ['app=1; Path=/', '__Host-modelops_gateway=evil; Path=/'],
        'Access-Control-Allow-Origin': '*',
      })
      res.end('answer')
    })
  })
  await listen(upstream)
  const origin = `http://127.0.0.1:${port(upstream)}`
  const route = (name: string, path: string, access: string, more = {}) => ({
    name,
    app: 'generic',
    path,
    upstream: origin,
    access,
    ...more,
  })
  const config = parseConfig(
    stringify({
      server: { publicUrl: 'http://localhost:4180' },
      issuer: { url: 'http://localhost:1/', clientId: 'gateway', clientSecret: 'not-a-placeholder' },
      session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
      access: { adminGroup: 'modelops-admins' },
      projects: {
        source: 'static',
        list: [
          { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
          { id: BETA, name: 'beta', groups: ['project-beta'] },
        ],
      },
      routes: [
        route('tracking', '/tracking', 'project'),
        route('open', '/open', 'public'),
        route('flows', '/flows', 'member', { app: 'airflow' }),
        route('home', '/home', 'login'),
        route('api', '/', 'project', { host: 'api.localhost:4180', app: 'core' }),
        route('gone', '/gone', 'login', { upstream: 'http://127.0.0.1:1' }),
      ],
      cors: { allowedOrigins: ['http://ui.localhost:4180'] },
    }),
    'test',
    {},
  )
  const sessions = new Sessions({ config, backend: new MemoryBackend(systemClock), clock: systemClock, log })
  const projects = new ListedProjects(config.projects.source === 'static' ? config.projects.list : [])
  const bob: Principal = {
    issuer: 'http://localhost:1/',
    subject: 'bob-id',
    kind: 'person',
    username: 'bob',
    email: 'bob@o.example',
    groups: new Set(['project-alpha', 'a,b']),
    projectIds: new Set(),
  }
  const tokens = { accessToken: 'access-of-bob', accessExpiresAt: Date.now() + 3_600_000, idToken: 'id-of-bob' }
  cookie = (await sessions.create({ principal: bob, tokens })).setCookie.split(';')[0] ?? ''
  const publicUrl = new URL(config.server.publicUrl)
  const rules = {
    projects: fixedSource(projects),
    rules: { adminGroup: 'modelops-admins', serviceUsers: new Set<string>() },
  }
  const signer = await buildSigner({
    issuer: config.server.publicUrl,
    clock: systemClock,
    secrets: config.session.secrets,
  })
  const responder = buildResponder({
    clientAddress: buildClientAddress([]).address,
    denials: buildDenials({ ...rules, config, clock: systemClock }),
    baseHeaders: {},
    audit: logAudit(log),
    metrics: buildMetrics({ issuerReady: () => true, projects: () => 2 }),
  })
  const pipeline = buildPipeline({
    publicUrl,
    limits: config.limits,
    routes: buildRoutes(config, profileOf),
    crossOrigin: buildCrossOrigin(config.cors.allowedOrigins, 'http'),
    ownEndpoints: { health: () => undefined, serve: () => undefined, disguised: () => undefined },
    authenticate: buildAuthenticate(sessions, (header) => {
      if (header === 'Bug') throw new TypeError('a bug with words of its own')
      throw new Refusal('token-invalid', 'no bearer tokens in this test')
    }),
    authorize: buildAuthorize({ ...rules, clock: systemClock }),
  })
  const pass = buildPass({
    clock: systemClock,
    bodyPace: { windowMs: 1000, minBytesPerSecond: 0 },
    applicationStates: buildApplicationStates(systemClock),
    reauthorize: () => Promise.reject(new Error('nothing lasts in this test')),
    upstreamRequest: buildUpstreamRequest({
      ...{ config, clock: systemClock, projects: rules.projects, signer },
      exchangedTokens: { tokenFor: () => assert.fail('nothing is exchanged in this test') },
      reauthorize: () => Promise.reject(new Error('nothing lasts in this test')),
    }),
    responsePlan: buildResponsePlan(config),
    forwarder: buildForwarder(config.limits, systemClock),
  })
  const handle = buildHandle({ pipeline, pass, responder })
  gateway = createServer((req, res) => void handle(req, res))
  await listen(gateway)
})
after(() => {
  upstream.closeAllConnections()
  gateway.closeAllConnections()
  upstream.close()
  gateway.close()
})

function ask(
  path: string,
  headers: Record<string, string | string[]> = {},
  method = 'GET',
  body?: string,
): Promise<Reply> {
  seen = []
  return new Promise((resolve, reject) => {
    const req = request(
      {
        port: port(gateway),
        host: '127.0.0.1',
        path,
        method,
        agent: false,
        headers: { Host: 'localhost:4180', ...headers },
      },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('end', () =>
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() }),
        )
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}
const bob = (more: Record<string, string | string[]> = {}) => ({ Cookie: `other=1; ${cookie}`, ...more })
const only = (name: string) =>
  seen[0]?.raw.filter((_value, index, raw) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name)

test('forwards a member’s request with exactly one project header and a proof', async () => {
  const reply = await ask(
    '/tracking/x?projectId=11111111-1111-4111-8111-111111111111&a=1',
    bob({ 'AOA-Project-ID': ALPHA.toUpperCase() }),
  )
  assert.equal(reply.status, 200)
  assert.equal(seen[0]?.url, '/tracking/x?a=1')
  assert.deepEqual(only('aoa-project-id'), [ALPHA])
  assert.deepEqual(only('x-forwarded-user'), ['bob'])
  assert.deepEqual(only('x-forwarded-groups'), ['project-alpha,a%2Cb'])
  assert.deepEqual(only('cookie'), ['other=1'])
  const assertion = only('x-gateway-assertion')?.[0] ?? ''
  assert.equal(decodeProtectedHeader(assertion).alg, 'ES256')
  const claims = decodeJwt(assertion)
  assert.deepEqual(
    [claims.iss, claims.aud, claims.sub, claims.project_id, claims.role],
    ['http://localhost:4180', 'tracking', 'bob-id', ALPHA, 'editor'],
  )
  assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 60)
})

test('drops every spelling of what only the gateway may say', async () => {
  await ask(
    '/tracking/x',
    bob({
      'AOA-Project-ID': ALPHA,
      aoa_project_id: BETA,
      'X-Forwarded-User': 'alice',
      x_forwarded_user: 'alice',
      'X.Forwarded.User': 'alice',
      'Remote-User': 'alice',
      'X-Gateway-Assertion': 'forged',
      x_gateway_assertion: 'forged',
      'X-Forwarded-For': '1.2.3.4',
      Forwarded: 'for=1.2.3.4',
      Connection: 'AOA-Project-ID, X-Forwarded-User, X-Kept',
      'X-Kept': 'not kept',
    }),
  )
  const folded = (seen[0]?.raw ?? [])
    .filter((_v, i) => i % 2 === 0)
    .map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'))
  for (const name of ['aoa-project-id', 'x-forwarded-user', 'x-gateway-assertion', 'x-forwarded-for'])
    assert.equal(folded.filter((n) => n === name).length, 1, name)
  for (const name of ['remote-user', 'forwarded', 'x-kept', 'authorization']) assert.ok(!folded.includes(name), name)
  assert.deepEqual(only('x-forwarded-user'), ['bob'])
  assert.deepEqual(only('x-forwarded-for'), ['127.0.0.1'])
})

test('lists the caller’s projects in the assertion where the application lists over projects', async () => {
  await ask('/flows/api/v2/dags', bob())
  const claims = decodeJwt(only('x-gateway-assertion')?.[0] ?? '')
  assert.deepEqual(claims.projects, [{ id: ALPHA, name: 'alpha', role: 'editor' }])
  assert.deepEqual([claims.aud, claims.project_id], ['flows', undefined])
  assert.deepEqual([seen[0]?.url, only('cookie')], ['/flows/api/v2/dags', []])
})

test('answers for what a profile hides as for what is not there, whatever the caller brings', async () => {
  for (const headers of [{}, bob(), { Authorization: 'Bearer of a worker' }]) {
    const reply = await ask('/flows/execution/task-instances/1/run', headers, 'PATCH')
    assert.equal(reply.status, 404)
    assert.equal(JSON.parse(reply.body).reason, 'no-route')
    assert.equal(seen.length, 0)
  }
})

const refusals: [string, string, Record<string, string | string[]>, string, number, string][] = [
  ['nobody', '/tracking/', {}, 'GET', 401, 'login-required'],
  ['a foreign project', '/tracking/', { 'AOA-Project-ID': BETA }, 'GET', 403, 'not-in-project'],
  ['an unknown project', '/tracking/', { 'AOA-Project-ID': BETA.replace('2', '9') }, 'GET', 403, 'not-in-project'],
  [
    'header and query that differ',
    `/tracking/?projectId=${ALPHA}`,
    { 'AOA-Project-ID': BETA },
    'GET',
    400,
    'project-ambiguous',
  ],
  ['two headers that differ', '/tracking/', { 'AOA-Project-ID': [ALPHA, BETA] }, 'GET', 400, 'project-ambiguous'],
  [
    'header and alias that differ',
    '/tracking/',
    { 'AOA-Project-ID': ALPHA, 'VMO-Project-ID': BETA },
    'GET',
    400,
    'project-ambiguous',
  ],
  ['a project that is no UUID', '/tracking/?projectId=alpha', {}, 'GET', 400, 'project-malformed'],
  ['a bracketed project', `/tracking/?projectId[]=${ALPHA}`, {}, 'GET', 400, 'project-malformed'],
  ['a path without route', '/nowhere', {}, 'GET', 404, 'no-route'],
  ['a prefix that ends inside a segment', '/trackingx', {}, 'GET', 404, 'no-route'],
  ['another case', '/Tracking/', {}, 'GET', 404, 'no-route'],
  ['another host', '/tracking/', { Host: 'evil.example' }, 'GET', 421, 'unknown-host'],
  ['a dot segment', '/open/../tracking/', {}, 'GET', 400, 'path-ambiguous'],
  ['an encoded slash', '/tracking/a%2fb', {}, 'GET', 400, 'path-ambiguous'],
  ['absolute-form of another host', 'http://evil.example/tracking/', {}, 'GET', 421, 'unknown-host'],
  ['TRACE', '/tracking/', {}, 'TRACE', 405, 'method-not-allowed'],
  ['a POST from another site', '/tracking/', { Origin: 'http://evil.example' }, 'POST', 403, 'cross-origin'],
  ['a POST from a sandboxed page', '/tracking/', { Origin: 'null' }, 'POST', 403, 'cross-origin'],
  ['a POST from a sibling host', '/tracking/', { 'Sec-Fetch-Site': 'same-site' }, 'POST', 403, 'cross-origin'],
  ['an unreachable application', '/gone/', {}, 'GET', 502, 'upstream-down'],
]
for (const [name, path, headers, method, status, reason] of refusals) {
  test(`refuses ${name} and forwards nothing`, async () => {
    const reply = await ask(path, name === 'nobody' ? headers : bob(headers), method)
    assert.equal(reply.status, status)
    const body = JSON.parse(reply.body)
    assert.equal(body.reason, reason)
    assert.equal(body.request_id, reply.headers['x-request-id'])
    assert.equal(seen.length, 0)
  })
}

test('sends a person who is not signed in to the login, and a script never', async () => {
  const page = await ask('/tracking/', { 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' })
  assert.deepEqual([page.status, page.headers['cache-control']], [302, 'no-store'])
  const script = await ask('/tracking/', { 'Sec-Fetch-Mode': 'cors', Accept: 'text/html' })
  assert.equal(script.status, 401)
  const metadata = 'http://localhost:4180/.well-known/oauth-protected-resource/tracking'
  assert.equal(script.headers['www-authenticate'], `Bearer resource_metadata="${metadata}"`)
})

test('a public route gets no identity, whoever asks', async () => {
  const reply = await ask('/open/x', bob({ 'AOA-Project-ID': ALPHA, 'X-Forwarded-User': 'alice' }))
  assert.equal(reply.status, 200)
  for (const name of ['aoa-project-id', 'x-forwarded-user', 'x-gateway-assertion'])
    assert.deepEqual(only(name), [], name)
})

test('a request body arrives byte for byte, and the caller’s own token only where the route says so', async () => {
  await ask('/tracking/x', bob({ Origin: 'http://localhost:4180' }), 'POST', 'body=1')
  assert.deepEqual([seen[0]?.body, seen[0]?.headers.authorization], ['body=1', undefined])
  await ask('/x', bob({ Host: 'api.localhost:4180', Origin: 'http://ui.localhost:4180' }), 'POST', '{}')
  assert.deepEqual([seen[0]?.headers.authorization, seen[0]?.headers.cookie], ['Bearer access-of-bob', undefined])
})

test('an upstream can set its own cookies and not the gateway’s', async () => {
  const reply = await ask('/home', bob())
  assert.deepEqual(reply.headers['set-cookie'], ['app=1; Path=/'])
})

test('answers a preflight of a listed origin without a login, and no other', async () => {
  const preflight = (origin: string) =>
    ask(
      '/x',
      {
        Host: 'api.localhost:4180',
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'aoa-project-id',
      },
      'OPTIONS',
    )
  const listed = await preflight('http://ui.localhost:4180')
  assert.deepEqual(
    [listed.status, listed.headers['access-control-allow-origin'], listed.headers['access-control-allow-headers']],
    [204, 'http://ui.localhost:4180', 'aoa-project-id'],
  )
  const other = await preflight('http://evil.example')
  assert.deepEqual([other.status, other.headers['access-control-allow-origin']], [401, undefined])
  const refusal = await ask('/x', { Host: 'api.localhost:4180', Origin: 'http://ui.localhost:4180' })
  assert.deepEqual([refusal.status, refusal.headers['access-control-allow-origin']], [401, 'http://ui.localhost:4180'])
})

test('an error nobody foresaw ends its own request as a 500 without its words, and no other', async () => {
  const [broken, fine] = await Promise.all([
    ask('/tracking/x', { authorization: 'Bug' }),
    ask('/tracking/x', { cookie, accept: 'application/json' }),
  ])
  assert.deepEqual([broken.status, fine.status], [500, 200])
  assert.match(broken.body, /"internal"/)
  assert.doesNotMatch(broken.body, /a bug/)
})
