import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { loadConfig, parseConfig } from '../../../../src/gateway/config/load.ts'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'

const SECRET = 'k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'
const ALPHA = '11111111-1111-4111-8111-111111111111'
const BETA = '22222222-2222-4222-8222-222222222222'
const base = () => ({
  server: { publicUrl: 'https://o.example' } as Record<string, unknown>,
  issuer: {
    url: 'https://sso.example/realms/shared',
    clientId: 'gateway',
    clientSecret: 'x7-not-a-placeholder',
  } as Record<string, unknown>,
  session: { secrets: [SECRET] } as Record<string, unknown>,
  cookie: {} as Record<string, unknown>,
  access: { adminGroup: 'modelops-admins' } as Record<string, unknown>,
  projects: {
    source: 'static',
    list: [{ id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: ['a'] }],
  } as Record<string, unknown>,
  routes: [
    { name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:5000', access: 'project' },
  ] as Record<string, unknown>[],
})
type Raw = ReturnType<typeof base>
const parse = (raw: unknown, env: NodeJS.ProcessEnv = {}) => parseConfig(stringify(raw), 'gateway.yaml', env)
const fieldErrorsOf = (raw: unknown, env?: NodeJS.ProcessEnv) => {
  try {
    parse(raw, env)
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return error
  }
  return undefined
}

test('a small configuration is filled with defaults and frozen', () => {
  const config = parse(base())
  assert.equal(config.server.listen, '127.0.0.1:4180')
  assert.equal(config.session.idleSeconds, 3600)
  assert.ok(Object.isFrozen(config.routes[0]))
})

const bad: [string, string, (raw: Raw) => void][] = [
  ['an unknown key at the top', 'extra', (raw) => Object.assign(raw, { extra: 1 })],
  ['an unknown key below', 'server.publicURL', (raw) => (raw.server.publicURL = 'x')],
  ['a missing issuer', 'issuer', (raw) => Reflect.deleteProperty(raw, 'issuer')],
  ['a short secret', 'session.secrets.0', (raw) => (raw.session.secrets = ['short'])],
  ['a placeholder secret', 'session.secrets.0', (raw) => (raw.session.secrets = ['x'.repeat(40)])],
  ['a placeholder client secret', 'issuer.clientSecret', (raw) => (raw.issuer.clientSecret = 'changeme')],
  ['an http publicUrl outside loopback', 'server.publicUrl', (raw) => (raw.server.publicUrl = 'http://o.example')],
  [
    'an additional issuer that is the first one',
    'issuer.additional.0.url',
    (raw) => (raw.issuer.additional = [{ url: raw.issuer.url, audiences: ['x'] }]),
  ],
  [
    'an additional issuer without audience',
    'issuer.additional.0.audiences',
    (raw) => (raw.issuer.additional = [{ url: 'https://other.example', audiences: [] }]),
  ],
  [
    'keys over http outside loopback',
    'issuer.additional.0.jwksUrl',
    (raw) =>
      (raw.issuer.additional = [{ url: 'https://k8s.example', audiences: ['x'], jwksUrl: 'http://k8s.example/keys' }]),
  ],
  [
    'a parameter of the authorization request that the gateway sets itself',
    'issuer.authorizationParameters.State',
    (raw) => (raw.issuer.authorizationParameters = { kc_idp_hint: 'corporate', State: 'x' }),
  ],
  ['an introspection of some other kind', 'issuer.introspection', (raw) => (raw.issuer.introspection = 'some')],
  ['an http issuer outside loopback', 'issuer.url', (raw) => (raw.issuer.url = 'http://sso.example')],
  ['a publicUrl with a path', 'server.publicUrl', (raw) => (raw.server.publicUrl = 'https://o.example/x')],
  ['everybody as trusted proxy', 'server.trustedProxies.0', (raw) => (raw.server.trustedProxies = ['0.0.0.0/0'])],
  ['a star as trusted proxy', 'server.trustedProxies.0', (raw) => (raw.server.trustedProxies = ['*'])],
  ['an empty admin group', 'access.adminGroup', (raw) => (raw.access.adminGroup = '')],
  ['negative seconds', 'session.idleSeconds', (raw) => (raw.session.idleSeconds = -1)],
  ['a duration as text', 'session.idleSeconds', (raw) => (raw.session.idleSeconds = '8h')],
  [
    'idle beyond absolute',
    'session.idleSeconds',
    (raw) => Object.assign(raw.session, { idleSeconds: 7200, absoluteSeconds: 3600 }),
  ],
  [
    'SameSite=None without Secure',
    'cookie.sameSite',
    (raw) => Object.assign(raw, { server: { publicUrl: 'http://localhost:4180' }, cookie: { sameSite: 'none' } }),
  ],
  ['a partitioned cookie that frames never get', 'cookie.partitioned', (raw) => (raw.cookie.partitioned = true)],
  [
    'frames that never get the cookie',
    'server.frameAncestors',
    (raw) => (raw.server.frameAncestors = ['https://portal.example']),
  ],
  [
    'a partitioned cookie without a site that has frames',
    'server.frameAncestors',
    (raw) => Object.assign(raw.cookie, { sameSite: 'none', partitioned: true }),
  ],
  ['an insecure cookie on https', 'cookie.secure', (raw) => (raw.cookie.secure = false)],
  ['a cookie domain that does not cover the host', 'cookie.domain', (raw) => (raw.cookie.domain = '.other.example')],
  [
    'a cookie domain that ends inside a label',
    'cookie.domain',
    (raw) => Object.assign(raw, { server: { publicUrl: 'https://foo.example' }, cookie: { domain: 'oo.example' } }),
  ],
  [
    'a public suffix as cookie domain',
    'cookie.domain',
    (raw) => Object.assign(raw, { server: { publicUrl: 'https://o.co.uk' }, cookie: { domain: '.co.uk' } }),
  ],
  [
    'all of localhost as cookie domain',
    'cookie.domain',
    (raw) => Object.assign(raw, { server: { publicUrl: 'http://o.localhost' }, cookie: { domain: '.localhost' } }),
  ],
  ['a route without access', 'routes.0.access', (raw) => Reflect.deleteProperty(raw.routes[0] ?? {}, 'access')],
  [
    'a release of MLflow without a catalogue',
    'routes.0.mlflow.version',
    (raw) => Object.assign(raw.routes[0] ?? {}, { mlflow: { version: '2.22' } }),
  ],
  [
    'a tenancy of instances that names none',
    'routes.0.mlflow.instances',
    (raw) => Object.assign(raw.routes[0] ?? {}, { mlflow: { tenancy: 'instance' } }),
  ],
  [
    'instances that nothing would use',
    'routes.0.mlflow.instances',
    (raw) => Object.assign(raw.routes[0] ?? {}, { mlflow: { instances: { [ALPHA]: 'http://127.0.0.1:5001' } } }),
  ],
  [
    'an instance that two projects share',
    `routes.0.mlflow.instances.${BETA}`,
    (raw) => {
      const instances = { [ALPHA]: 'http://127.0.0.1:5001', [BETA]: 'http://127.0.0.1:5001/' }
      Object.assign(raw.routes[0] ?? {}, { mlflow: { tenancy: 'instance', instances } })
    },
  ],
  [
    'an instance with a path',
    `routes.0.mlflow.instances.${ALPHA}`,
    (raw) => {
      const instances = { [ALPHA]: 'http://127.0.0.1:5001/mlflow' }
      Object.assign(raw.routes[0] ?? {}, { mlflow: { tenancy: 'instance', instances } })
    },
  ],
  [
    'a namespace of two labels',
    'routes.0.mlflow.namespaces.team.a',
    (raw) => Object.assign(raw.routes[0] ?? {}, { mlflow: { namespaces: { 'team.a': ALPHA } } }),
  ],
  [
    'a namespace that would be read as a project',
    `routes.0.mlflow.namespaces.${BETA}`,
    (raw) => Object.assign(raw.routes[0] ?? {}, { mlflow: { namespaces: { [BETA]: ALPHA } } }),
  ],
  [
    'a namespace of a project without UUID',
    'routes.0.mlflow.namespaces.team-a',
    (raw) => Object.assign(raw.routes[0] ?? {}, { mlflow: { namespaces: { 'team-a': 'alpha' } } }),
  ],
  ['MLflow on a login route', 'routes.0.access', (raw) => Object.assign(raw.routes[0] ?? {}, { access: 'login' })],
  [
    'an upstream that is no URL',
    'routes.0.upstream',
    (raw) => Object.assign(raw.routes[0] ?? {}, { upstream: 'mlflow:5000' }),
  ],
  [
    'an upstream with a path',
    'routes.0.upstream',
    (raw) => Object.assign(raw.routes[0] ?? {}, { upstream: 'http://127.0.0.1:5000/x' }),
  ],
  ['a route on /auth', 'routes.0.path', (raw) => Object.assign(raw.routes[0] ?? {}, { path: '/auth/x' })],
  ['two routes of one name', 'routes.1.name', (raw) => raw.routes.push({ ...raw.routes[0], path: '/b' })],
  ['two routes at one place', 'routes.1.path', (raw) => raw.routes.push({ ...raw.routes[0], name: 'b' })],
  ['TRACE', 'routes.0.methods', (raw) => Object.assign(raw.routes[0] ?? {}, { methods: ['GET', 'TRACE'] })],
  ['no route at all', 'routes', (raw) => Object.assign(raw, { routes: [] })],
  [
    'a project twice',
    'projects.list.1.id',
    (raw) =>
      Object.assign(raw.projects, {
        list: [1, 2].map((n) => ({ id: '11111111-1111-4111-8111-111111111111', name: `p${n}`, groups: [] })),
      }),
  ],
  [
    'a project that is no UUID',
    'projects.list.0.id',
    (raw) => Object.assign(raw.projects, { list: [{ id: 'alpha', name: 'alpha', groups: [] }] }),
  ],
  ['a star as CORS origin', 'cors.allowedOrigins.0', (raw) => Object.assign(raw, { cors: { allowedOrigins: ['*'] } })],
  ['an algorithm that is none', 'issuer.algorithms.0', (raw) => (raw.issuer.algorithms = ['none'])],
  ['a shared secret algorithm', 'issuer.algorithms.0', (raw) => (raw.issuer.algorithms = ['HS256'])],
  ['settings of another application', 'routes.0.airflow', (raw) => Object.assign(raw.routes[0] ?? {}, { airflow: {} })],
]
for (const [name, path, spoil] of bad) {
  test(`refuses ${name}, naming ${path}`, () => {
    const raw = base()
    spoil(raw)
    const error = fieldErrorsOf(raw)
    assert.ok(error)
    assert.ok(
      error.errors.some((each) => each.path === path),
      error.message,
    )
    assert.ok(error.errors.every((each) => each.expected !== '' && each.got !== ''))
  })
}

test('reports all errors together', () => {
  const raw = base()
  raw.session.secrets = ['short']
  raw.server.publicUrl = 'nonsense'
  Reflect.deleteProperty(raw.access, 'adminGroup')
  assert.deepEqual(
    fieldErrorsOf(raw)
      ?.errors.map((each) => each.path)
      .sort(),
    ['access.adminGroup', 'server.publicUrl', 'session.secrets.0'],
  )
})

test('never shows a secret', () => {
  const raw = base()
  raw.session.secrets = ['hunter2-short']
  raw.issuer.clientSecret = ['hunter2']
  raw.issuer.url = 'https://me:hunter2@sso.example'
  assert.doesNotMatch(fieldErrorsOf(raw)?.message ?? '', /hunter2/)
})

test('an insecure network must be named', () => {
  const raw = base()
  raw.server = { publicUrl: 'http://o.example', insecureHttp: true }
  assert.equal(parse(raw).server.insecureHttp, true)
})

test('reads values from the environment and from files, relative to the configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-config-'))
  writeFileSync(join(folder, 'secret'), `${SECRET}\n`)
  const raw = base()
  raw.session.secrets = ['${file:secret}']
  raw.issuer.clientSecret = '${env:OIDC_CLIENT_SECRET}'
  writeFileSync(join(folder, 'gateway.yaml'), stringify(raw))
  const config = loadConfig(join(folder, 'gateway.yaml'), { OIDC_CLIENT_SECRET: 'from-the-environment' })
  assert.deepEqual([config.session.secrets[0], config.issuer.clientSecret], [SECRET, 'from-the-environment'])
})

test('names the variable and the file that are missing', () => {
  const raw = base()
  raw.session.secrets = ['${file:/nowhere/secret}']
  raw.issuer.clientSecret = '${env:NOT_THERE}'
  const message = fieldErrorsOf(raw)?.message ?? ''
  assert.match(message, /session\.secrets\.0: expected a readable file \/nowhere\/secret, got ENOENT/)
  assert.match(message, /issuer\.clientSecret: expected the environment variable NOT_THERE/)
})

test('a file that is not YAML, or does not exist, is one clear error', () => {
  assert.throws(() => parseConfig('a: [', 'gateway.yaml', {}), ConfigurationError)
  assert.throws(
    () => loadConfig('/nowhere.yaml', {}),
    /nowhere\.yaml: \(file\): expected a readable YAML file, got ENOENT/,
  )
  assert.throws(() => parseConfig('server: {}\nserver: {}', 'gateway.yaml', {}), ConfigurationError)
})
