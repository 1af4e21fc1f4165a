import assert from 'node:assert/strict'
import test from 'node:test'
import { buildMlflowProfile } from '../../../../../src/gateway/apps/mlflow/profile.ts'
import type { Admission, AppRequest } from '../../../../../src/gateway/apps/profile.ts'
import { ALPHA, admit, askFor, BETA, mlflowRoute, refusalOf } from './fixtures.ts'

const profile = buildMlflowProfile(mlflowRoute(undefined))
const reply = (line: string, over?: Partial<Admission>) => {
  const given = profile.reply?.(admit(line, over))
  return given && { status: given.status, body: JSON.parse(String(given.body)) }
}

test('a request is bound to its project’s workspace', () => {
  assert.deepEqual(profile.headers?.(admit('GET /')), { 'X-MLFLOW-WORKSPACE': ALPHA.id })
})

test('without a project nothing is forwarded, on either tenancy: MLflow would take its default workspace', () => {
  const nobody = admit('GET /', { project: undefined })
  assert.equal(refusalOf(() => profile.prepare?.(nobody)).reason, 'project-missing')
  assert.equal(refusalOf(() => profile.headers?.(nobody)).reason, 'project-missing')
  const instances = buildMlflowProfile(mlflowRoute({ tenancy: 'instance' }))
  assert.equal(refusalOf(() => instances.upstream?.(nobody)).reason, 'project-missing')
})

test('with an instance a project each goes to its own, no workspace is named, and a project without one is told so', () => {
  const instances = { [ALPHA.id]: 'http://127.0.0.1:5001' }
  const { upstream, headers, prepare } = buildMlflowProfile(mlflowRoute({ tenancy: 'instance', instances }))
  assert.equal(upstream?.(admit('GET /')), 'http://127.0.0.1:5001')
  assert.deepEqual(headers?.(admit('GET /')), {})
  assert.equal(prepare?.(admit('GET /')), undefined)
  assert.equal(refusalOf(() => upstream?.(admit('GET /', { project: BETA }))).reason, 'upstream-not-ready')
})

test('the configured release decides what is known', () => {
  const use = (version: string) =>
    buildMlflowProfile(mlflowRoute({ version })).use(askFor('GET /api/3.0/mlflow/skills'))
  assert.equal(use('3.17'), 'denied')
  assert.equal(use('3.18'), 'admin')
})

const WEBHOOKS = '/api/2.0/mlflow/webhooks'
test('where projects share an MLflow, webhooks are created once the operator allows it; they can be read and removed', () => {
  const of = (settings: object) => (line: string) => buildMlflowProfile(mlflowRoute(settings)).use(askFor(line))
  for (const line of [`POST ${WEBHOOKS}`, `PATCH ${WEBHOOKS}/w-1`, `POST /ajax-${WEBHOOKS.slice(1)}`]) {
    assert.equal(of({})(line), 'denied')
    assert.equal(of({ webhooks: 'allow' })(line), 'admin')
    assert.equal(of({ tenancy: 'instance' })(line), 'admin')
  }
  for (const line of [`GET ${WEBHOOKS}`, `GET ${WEBHOOKS}/w-1`, `DELETE ${WEBHOOKS}/w-1`])
    assert.equal(of({})(line), 'admin')
})

test('a trace is read by a plain ID: a path would lead to the files of another project', () => {
  const prepare = (line: string) => () => {
    const [path = '', query = ''] = line.split('?')
    return profile.prepare?.(admit(path, { request: { ...askFor(path), query } }))
  }
  for (const id of ['..%2F..%2Fx', '../x', 'a%5Cb', '%252e%252e']) {
    for (const line of [
      `GET /ajax-api/3.0/mlflow/get-trace-artifact?path=a&request_id=${id}`,
      `GET /api/3.0/mlflow/traces/get?trace_id=${id}`,
      `GET /api/3.0/mlflow/traces/batchGet?trace_ids=tr-1&trace_ids=${id}`,
    ])
      assert.equal(refusalOf(prepare(line)).reason, 'request-malformed')
  }
})

test('the configured limits are those of the body rules', () => {
  const { bodyRule } = buildMlflowProfile(mlflowRoute({ maxBodyBytes: 2048, maxTraceBytes: 4096 }))
  assert.equal(bodyRule?.(askFor('POST /api/2.0/mlflow/runs/create'))?.maxBytes, 2048)
  assert.equal(bodyRule?.(askFor('POST /v1/traces'))?.maxBytes, 4096)
})

test('the client’s workspace header names the project and never passes; nor do Origin, cookies and credentials', () => {
  assert.deepEqual(profile.projectHeaders, ['x-mlflow-workspace'])
  for (const name of ['x-mlflow-workspace', 'origin']) assert.ok(profile.dropRequestHeaders.has(name))
  assert.equal(profile.cookies, 'none')
  assert.equal(profile.authorization, 'none')
})

test('only artifact names may hold a semicolon, and nothing may hold an encoded slash', () => {
  const artifact = '/api/2.0/mlflow-artifacts/artifacts/1/a;b'
  assert.equal(profile.allowsInPath?.('semicolon', artifact), true)
  assert.equal(profile.allowsInPath?.('encoded-slash', artifact), false)
  assert.equal(profile.allowsInPath?.('semicolon', '/api/2.0/mlflow/runs/get;x'), false)
})

test('the sidebar shows the verified name, and no pages for MLflow’s own users', () => {
  assert.deepEqual(reply('GET /ajax-api/2.0/mlflow/users/current', { role: 'admin' }), {
    status: 200,
    body: { user: { id: 0, username: 'bob', is_admin: false }, is_basic_auth: false },
  })
  assert.equal(profile.use(askFor('GET /ajax-api/2.0/mlflow/users/current')), 'read')
  assert.equal(profile.use(askFor('POST /ajax-api/2.0/mlflow/users/current')), 'denied')
  assert.equal(profile.use(askFor('GET /ajax-api/2.0/mlflow/users/list')), 'denied')
})

test('the user interface learns what the role may do', () => {
  const path = 'GET /ajax-api/3.0/mlflow/users/current/permissions'
  const grants = (role: Admission['role']) => reply(path, { role })?.body.permissions[0].permission
  assert.equal(grants('editor'), 'MANAGE')
  assert.equal(grants('viewer'), 'READ')
  assert.equal(reply(path, { role: 'admin' })?.body.is_admin, true)
  assert.deepEqual(reply('GET /ajax-api/3.0/mlflow/users/roles/list')?.body, { roles: [] })
})

test('there are no endpoints of a deployment server, and none can be called', () => {
  const path = '/ajax-api/2.0/mlflow/gateway-proxy'
  assert.deepEqual(reply(`GET ${path}`)?.body, { endpoints: [] })
  assert.equal(profile.use(askFor(`GET ${path}`)), 'read')
  assert.equal(profile.use(askFor(`POST ${path}`)), 'denied')
})

test('the list of workspaces is the list of the principal’s projects', () => {
  assert.deepEqual(reply('GET /api/3.0/mlflow/workspaces')?.body, {
    workspaces: [{ name: ALPHA.id, description: 'alpha' }],
  })
  assert.equal(reply(`GET /api/3.0/mlflow/workspaces/${ALPHA.id}`)?.body.workspace.name, ALPHA.id)
})

test('another project’s workspace, and the default one, are as absent as one that does not exist', () => {
  const absent = reply('GET /api/3.0/mlflow/workspaces/never-was')
  assert.equal(absent?.status, 404)
  assert.equal(absent?.body.error_code, 'RESOURCE_DOES_NOT_EXIST')
  for (const name of [BETA.id, 'default']) assert.deepEqual(reply(`GET /api/3.0/mlflow/workspaces/${name}`), absent)
})

test('all other requests are forwarded to MLflow', () => {
  for (const line of ['GET /', 'GET /api/2.0/mlflow/runs/get', 'POST /api/3.0/mlflow/workspaces'])
    assert.equal(reply(line), undefined)
})

const INFO = {
  store_type: 'SqlStore',
  workspaces_enabled: true,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: true,
  features_enabled: { gateway: true, other: true },
}
function serverInfo(line: string, role: Admission['role'], status = 200): Record<string, unknown> {
  const rule = profile.responseRule?.(askFor(line))
  assert.ok(rule)
  return JSON.parse(rule.rewrite(status, Buffer.from(JSON.stringify(INFO)), admit(line, { role })).toString())
}

test('the user interface is told of no workspaces, no AI gateway and no transfers past the gateway', () => {
  assert.deepEqual(serverInfo('GET /ajax-api/3.0/mlflow/server-info', 'editor'), {
    store_type: 'SqlStore',
    workspaces_enabled: false,
    multipart_uploads_enabled: false,
    multipart_downloads_enabled: false,
    features_enabled: { gateway: false, other: true },
  })
})

test('administrators keep the AI gateway’s pages', () => {
  const info = serverInfo('GET /ajax-api/3.0/mlflow/server-info', 'admin')
  assert.deepEqual(info.features_enabled, { gateway: true, other: true })
})

test('other clients keep workspaces, which those that name one insist on', () => {
  const info = serverInfo('GET /api/3.0/mlflow/server-info', 'editor')
  assert.equal(info.workspaces_enabled, true)
  assert.equal(info.multipart_uploads_enabled, false)
})

test('an error of server-info passes as it is, and other responses are not touched', () => {
  assert.deepEqual(serverInfo('GET /ajax-api/3.0/mlflow/server-info', 'editor', 500), INFO)
  assert.equal(profile.responseRule?.(askFor('GET /ajax-api/2.0/mlflow/runs/get')), undefined)
  assert.equal(profile.responseRule?.(askFor('POST /ajax-api/3.0/mlflow/server-info')), undefined)
})

const dialect: [number, number, string][] = [
  [400, 400, 'INVALID_PARAMETER_VALUE'],
  [413, 400, 'INVALID_PARAMETER_VALUE'],
  [401, 401, 'UNAUTHENTICATED'],
  [403, 403, 'PERMISSION_DENIED'],
  [404, 404, 'RESOURCE_DOES_NOT_EXIST'],
  [405, 405, 'BAD_REQUEST'],
  [429, 429, 'REQUEST_LIMIT_EXCEEDED'],
  [500, 500, 'INTERNAL_ERROR'],
  [502, 502, 'TEMPORARILY_UNAVAILABLE'],
  [503, 503, 'TEMPORARILY_UNAVAILABLE'],
  [504, 504, 'DEADLINE_EXCEEDED'],
]
for (const [status, mlflowStatus, code] of dialect) {
  test(`a refusal with ${status} is ${mlflowStatus} ${code} to an MLflow client`, () => {
    const refusal = profile.refusal('internal', status, 'words', 'request-1')
    assert.equal(refusal.status, mlflowStatus)
    assert.deepEqual(JSON.parse(refusal.body), {
      error_code: code,
      message: 'words',
      reason: 'internal',
      request_id: 'request-1',
    })
  })
}

const notForwarded: [string, string, AppRequest['headers']?][] = [
  ['HEAD /api/3.0/mlflow/workspaces', 'denied'],
  ['HEAD /api/2.0/mlflow/runs/get', 'denied'],
  ['HEAD /ajax-api/3.0/mlflow/server-info', 'denied'],
  ['HEAD /api/2.0/mlflow-artifacts/artifacts/1/a.txt', 'denied'],
  ['HEAD /static-files/a.js', 'read'],
  ['GET /', 'denied', { upgrade: 'WebSocket' }],
  ['GET /ajax-api/3.0/mlflow/workspaces', 'denied', { 'sec-websocket-key': 'x' }],
  ['GET /api/2.0/mlflow-artifacts/artifacts/workspaces/other/mlflow/server-info', 'denied'],
  ['PATCH /api/3.0/mlflow/mcp-servers/mlflow/server-info', 'denied'],
  ['GET /api/3.0/mlflow/server-info', 'read'],
  ['GET /gateway/mlflow/v1/models', 'read'],
  ['GET /ajax-api/3.0/mlflow/gateway/endpoints/list', 'read'],
  ['GET /api/3.0/mlflow/gateway/model-definitions/list', 'read'],
  ['POST /gateway/mlflow/v1/chat/completions', 'write'],
  ['GET /gateway/mlflow/v1/files', 'denied'],
]
for (const [line, use, headers] of notForwarded) {
  test(`${line} ${JSON.stringify(headers ?? {})} is ${use}`, () => {
    assert.equal(buildMlflowProfile(mlflowRoute(undefined)).use(askFor(line, headers)), use)
  })
}

test('a GET with a body is refused: MLflow would read its fields from there', () => {
  const { prepare } = buildMlflowProfile(mlflowRoute(undefined))
  for (const headers of [{ 'content-length': '2' }, { 'transfer-encoding': 'chunked' }]) {
    const request = askFor('GET /api/2.0/mlflow/runs/get', headers)
    assert.equal(refusalOf(() => prepare?.(admit('GET /', { request }))).reason, 'request-malformed')
  }
})

test('the author of a logged model cannot be removed, in any spelling', () => {
  const { prepare } = buildMlflowProfile(mlflowRoute(undefined))
  for (const key of ['mlflow.user', 'MLflow.User', 'mlflow.user ']) {
    const line = `DELETE /api/2.0/mlflow/logged-models/m-1/tags/${key}`
    const request = { ...askFor('DELETE /'), decodedPath: line.slice(7) }
    assert.equal(refusalOf(() => prepare?.(admit(line, { request }))).reason, 'app-denied')
  }
})

test('the name of an MCP server may have an encoded slash; nothing else may', () => {
  const { allowsInPath } = buildMlflowProfile(mlflowRoute(undefined))
  assert.equal(allowsInPath?.('encoded-slash', '/api/3.0/mlflow/mcp-servers/io.example/mine/versions'), true)
  assert.equal(allowsInPath?.('encoded-slash', '/api/2.0/mlflow-artifacts/artifacts/a/b'), false)
  assert.equal(allowsInPath?.('encoded-slash', '/api/3.0/mlflow/traces/a/b'), false)
})

test('tags may have a semicolon in their key', () => {
  const { allowsInPath } = buildMlflowProfile(mlflowRoute(undefined))
  assert.equal(allowsInPath?.('semicolon', '/api/2.0/mlflow/logged-models/m-1/tags/a;b'), true)
  assert.equal(allowsInPath?.('semicolon', '/api/2.0/mlflow/runs/a;b'), false)
})
