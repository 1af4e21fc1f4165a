import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as z from 'zod'
import { profileOf } from '../../../../src/gateway/apps/profile-of.ts'
import { type AuditDraft, auditEvent, EVENTS } from '../../../../src/gateway/audit/event.ts'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import type { Role, Use } from '../../../../src/gateway/policy/types.ts'
import { buildRequestAudit } from '../../../../src/gateway/request/request-audit.ts'
import { openContext, type RequestContext } from '../../../../src/gateway/routing/request-context.ts'
import { buildRoutes } from '../../../../src/gateway/routing/routes.ts'

/** Which requests become events of the audit trail, and what these say. */

const ALPHA = { id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: [], viewerGroups: [] }
const SECRETS = ['SECRET-QUERY', 'SECRET-COOKIE', 'SECRET-TOKEN', 'SECRET-REFERER']

function configOf(audit: object = {}, log: object = {}) {
  const raw = {
    server: { publicUrl: 'http://localhost:4180' },
    issuer: { url: 'http://localhost:1/', clientId: 'gateway', clientSecret: 'not-a-placeholder' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [] },
    routes: [{ name: 'tracking', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:1', access: 'project' }],
    ...{ audit, log },
  }
  return parseConfig(JSON.stringify(raw), 'test.yaml', {})
}

const [ROUTE] = buildRoutes(configOf(), profileOf).all

interface Asked {
  readonly use?: Use
  readonly role?: Role
  readonly upgrade?: boolean
  readonly userAgent?: string
  readonly username?: string
  readonly change?: (context: RequestContext) => void
}

function contextOf({
  use = 'write',
  role = 'editor',
  upgrade,
  userAgent = 'curl/8',
  username = 'bob',
  change,
}: Asked): RequestContext {
  const path = '/api/2.0/mlflow/registered-models/create'
  const headers = {
    ...{ cookie: SECRETS[1], authorization: `Bearer ${SECRETS[2]}`, referer: SECRETS[3], 'user-agent': userAgent },
    ...(upgrade && {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'x',
      'sec-websocket-version': '13',
    }),
  }
  const head = {
    method: upgrade ? 'GET' : 'POST',
    target: `/mlflow${path}?${SECRETS[0]}`,
    host: 'localhost:4180',
    headers,
    rawHeaders: [],
  }
  const more = { clientAddress: '192.0.2.7', peerAddress: '192.0.2.1', requestId: 'r-1' }
  const context = openContext({ ...head, ...more } as never)
  const target = { path: `/mlflow${path}`, decodedPath: `/mlflow${path}`, query: SECRETS[0] ?? '', oddities: [] }
  const appRequest = { method: 'POST', path, decodedPath: path, query: SECRETS[0] ?? '', headers }
  const who = {
    issuer: 'https://sso.example',
    subject: 'bob-sub',
    kind: 'person',
    username,
    groups: new Set(),
    projectIds: new Set(),
  }
  Object.assign(context, { host: 'localhost:4180', target, route: ROUTE, appRequest, use })
  Object.assign(context, { caller: { principal: who, via: 'session', session: { key: 'handle' }, token: SECRETS[2] } })
  context.decision = { allow: true, reason: 'project-member', role, project: ALPHA }
  context.admission = {
    request: appRequest,
    principal: who,
    role,
    project: ALPHA,
    projects: () => [],
    requestId: 'r-1',
  } as never
  change?.(context)
  return context
}

function record(asked: Asked, config = configOf(), outcome = { status: 200, milliseconds: 12.34, isWhole: true }) {
  const drafts: AuditDraft[] = []
  const failures: unknown[] = []
  const audit = buildRequestAudit(config, {
    record(draft, failure) {
      drafts.push(draft)
      failures.push(failure)
    },
  })
  audit.finished(contextOf(asked), outcome)
  return { drafts, failures, draft: drafts[0] }
}

const parsed = (draft: AuditDraft | undefined) =>
  auditEvent.parse(
    JSON.parse(
      JSON.stringify({ schema_version: 1, time: new Date(0).toISOString(), instance: 'i', sequence: 1, ...draft }),
    ),
  )

test('an event says who did what, in which project, from where, and what became of it', () => {
  const { draft } = record({})
  assert.deepEqual(JSON.parse(JSON.stringify(draft)), {
    event: 'allowed',
    category: 'access',
    action: 'write',
    decision: 'allowed',
    reason: 'project-member',
    role: 'editor',
    subject: 'bob-sub',
    user: 'bob',
    issuer: 'https://sso.example',
    kind: 'person',
    session: 'handle',
    client: '192.0.2.7',
    user_agent: 'curl/8',
    method: 'POST',
    host: 'localhost:4180',
    path: '/mlflow/api/2.0/mlflow/registered-models/create',
    route: 'tracking',
    application: 'mlflow',
    operation: 'mlflow.registerModel',
    use: 'write',
    project: ALPHA.id,
    project_name: 'alpha',
    status: 200,
    duration_ms: 12.3,
    bytes: 0,
    request_id: 'r-1',
  })
  parsed(draft)
})

test('no event contains a query, a cookie, a token or another header', () => {
  const denial = (context: RequestContext) =>
    void Object.assign(context, { denial: new Refusal('not-in-project', 'decision') })
  for (const { draft } of [record({}), record({ change: denial })]) {
    for (const secret of SECRETS) assert.ok(!JSON.stringify(draft).includes(secret), secret)
    parsed(draft)
  }
})

const RECORDED: readonly [name: string, asked: Asked, audit: object, log: object, isRecorded: boolean][] = [
  ['writing', { use: 'write' }, {}, {}, true],
  ['administering', { use: 'admin', role: 'admin' }, {}, {}, true],
  ['reading', { use: 'read' }, {}, {}, false],
  ['reading, with audit.reads: all', { use: 'read' }, { reads: 'all' }, {}, true],
  ['reading, with log.requests: all', { use: 'read' }, {}, { requests: 'all' }, true],
  [
    'reading, with log.requests: all and audit.reads: none',
    { use: 'read' },
    { reads: 'none' },
    { requests: 'all' },
    false,
  ],
  ['writing, with log.requests: none', { use: 'write' }, {}, { requests: 'none' }, true],
  ['an administrator who reads in a project', { use: 'read', role: 'admin' }, { reads: 'none' }, {}, true],
  ['a WebSocket', { use: 'read', upgrade: true }, {}, {}, true],
  [
    'a request without a decision',
    { change: (context) => void Object.assign(context, { decision: undefined }) },
    {},
    {},
    false,
  ],
  [
    'a denial of reading',
    { use: 'read', change: (context) => void Object.assign(context, { denial: new Refusal('viewer-read-only', 'x') }) },
    {},
    {},
    true,
  ],
]

for (const [name, asked, audit, log, isRecorded] of RECORDED) {
  test(`${name}: ${isRecorded ? 'recorded' : 'not recorded'}`, () => {
    assert.equal(record(asked, configOf(audit, log)).drafts.length, Number(isRecorded))
  })
}

test('texts of clients are cut, and cannot forge a line or its order', () => {
  const { draft } = record({ userAgent: `a\u202e\u0085${'x'.repeat(500)}`, username: 'bob\r\n{"event":"login"}\u2028' })
  assert.equal(draft?.user, 'bob\ufffd\ufffd{"event":"login"}\ufffd')
  assert.equal(draft?.user_agent, `a\ufffd\ufffd${'x'.repeat(117)}…`)
  assert.ok(!JSON.stringify(draft).includes('\\r'))
})

test('a denial says why, at a sign-in endpoint what was attempted, and failures reach the log with their cause', () => {
  const cause = new Error('connect ECONNREFUSED')
  const failed = record({
    change: (context) =>
      void Object.assign(context, { denial: new Refusal('upstream-down', 'no connection', { cause }) }),
  })
  assert.deepEqual(
    [failed.draft?.reason, failed.draft?.detail, failed.failures],
    ['upstream-down', 'no connection', [{ cause }]],
  )
  const signIn = record({
    change: (context) => {
      context.endpoint = '/auth/callback'
      context.denial = new Refusal('login-refused', 'the issuer responded with the error access_denied')
    },
  })
  const { category, action, decision } = signIn.draft ?? {}
  assert.deepEqual([category, action, decision, signIn.failures], ['authentication', 'sign-in', 'denied', [undefined]])
})

test('what an endpoint did is an event with the request around it', () => {
  const occurrence = {
    event: 'backchannel-logout',
    action: 'back-channel-logout',
    ended: 2,
    targetSubject: 'bob-sub',
  } as const
  const { draft } = record({ change: (context) => void Object.assign(context, { occurrence, decision: undefined }) })
  assert.deepEqual(
    [draft?.event, draft?.ended, draft?.target_subject, draft?.client],
    ['backchannel-logout', 2, 'bob-sub', '192.0.2.7'],
  )
  parsed(draft)
})

test('a response that was cut off says so', () => {
  assert.equal(record({}, configOf(), { status: 200, milliseconds: 1, isWhole: false }).draft?.incomplete, true)
})

test('each field and each event is described', () => {
  for (const [name, schema] of Object.entries(auditEvent.shape))
    assert.ok(z.globalRegistry.get(schema)?.description, name)
  assert.equal(new Set(Object.keys(EVENTS)).size, 19)
})

test('a denied request is recorded with the project that it named, an admitted one is not', () => {
  const rawHeaders = ['AOA-Project-ID', '22222222-2222-4222-8222-222222222222']
  const change = (context: RequestContext) => {
    Object.assign(context.head, { rawHeaders })
    context.admission = undefined
    context.denial = new Refusal('not-in-project', 'decision: not-in-project')
  }
  const denied = parsed(record({ change }).draft)
  assert.deepEqual([denied.requested_project, denied.project], ['22222222-2222-4222-8222-222222222222', undefined])
  assert.equal(parsed(record({}).draft).requested_project, undefined)
})
