import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as z from 'zod'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { configSchema } from '../../../../src/gateway/config/schema.ts'
import { shownValues } from '../../../../src/gateway/console/configuration/shown-values.ts'
import { configurationPage } from '../../../../src/gateway/pages/console/configuration-page.ts'

/** The configuration as the console shows it. Every secret below contains this word, and nothing else does. */
const WORD = 'GEHEIM'
const secret = (name: string) => `${WORD}-${name}-0123456789abcdef0123456789abcdef`
const TOKEN_HASH = 'c0ffee'.repeat(10).concat('beef')
const PEM = `-----BEGIN CERTIFICATE-----\n${WORD}\n-----END CERTIFICATE-----`

const raw = {
  server: { publicUrl: 'https://o.example', adminListen: '127.0.0.1:4181', adminTokenHash: TOKEN_HASH },
  issuer: {
    url: 'https://sso.example',
    clientId: 'gateway',
    clientSecret: secret('client'),
    basicTokenParameters: { resource: secret('parameter') },
    authorizationParameters: { login_hint: secret('hint') },
    additional: [{ url: 'https://k8s.example', audiences: ['gateway'], groups: { 'system:sa': ['project-alpha'] } }],
  },
  session: {
    secrets: [secret('session-1'), secret('session-2')],
    store: `rediss://user:${secret('redis')}@redis.example:6380/1`,
    storeCa: PEM,
  },
  access: { adminGroup: 'modelops-admins' },
  projects: {
    source: 'core',
    url: 'https://core.example',
    clientId: 'service',
    clientSecret: secret('service'),
    tokenParameters: { audience: secret('audience') },
  },
  audit: {
    sinks: [
      { type: 'file', path: '/var/log/audit.jsonl', chain: true, chainKey: secret('chain') },
      { type: 'syslog', address: 'tls://logs.example:6514', ca: PEM, clientCertificate: PEM, clientKey: PEM },
      { type: 'otlp', url: 'http://127.0.0.1:4318/v1/logs', headers: { authorization: secret('logs') } },
    ],
  },
  observability: { tracing: { endpoint: 'https://traces.example', headers: { 'x-api-key': secret('spans') } } },
  routes: [
    {
      name: 'airflow',
      app: 'airflow',
      path: '/airflow',
      upstream: 'http://127.0.0.1:8080',
      access: 'member',
      airflow: { requestSecret: secret('request') },
    },
  ],
}

const config = parseConfig(JSON.stringify(raw), 'test.yaml', {})
const shown = new Map(shownValues(config).map(({ path, value }) => [path, value]))

test('no value of a configuration full of secrets is shown', () => {
  const frame = { base: '/auth/admin', actor: 'alice', formToken: '', signOut: '/auth/logout', now: 0 }
  const page = String(configurationPage(frame, { sections: [{ name: 'all', values: shownValues(config) }] }).main)
  assert.ok(JSON.stringify(config).includes(WORD) && page.length > 2000)
  for (const hidden of [WORD, TOKEN_HASH, 'redis.example', 'BEGIN CERTIFICATE'])
    assert.ok(!page.includes(hidden), hidden)
})

test('secrets are listed as hidden', () => {
  const hidden = [...shown].filter(([, value]) => value === undefined).map(([path]) => path)
  assert.deepEqual(hidden.sort(), [
    'audit.sinks.0.chainKey',
    'audit.sinks.1.ca',
    'audit.sinks.1.clientCertificate',
    'audit.sinks.1.clientKey',
    'audit.sinks.2.headers.authorization',
    'issuer.authorizationParameters.login_hint',
    'issuer.basicTokenParameters.resource',
    'issuer.clientSecret',
    'observability.tracing.headers.x-api-key',
    'projects.clientSecret',
    'projects.tokenParameters.audience',
    'routes.0.airflow.requestSecret',
    'server.adminTokenHash',
    'session.secrets',
    'session.storeCa',
  ])
})

for (const [path, value] of [
  ['server.publicUrl', 'https://o.example'],
  ['issuer.additional.0.groups.system:sa', 'project-alpha'],
  ['access.adminGroup', 'modelops-admins'],
  ['projects.source', 'core'],
  ['routes.0.methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  ['audit.sinks.0.path', '/var/log/audit.jsonl'],
  ['audit.sinks.1.address', 'tls://logs.example:6514'],
  ['observability.tracing.endpoint', 'https://traces.example'],
  ['session.store', 'rediss (the address is hidden)'],
  ['limits.upstreamShare', '0.5'],
  ['cookie.sameSite', 'lax'],
] as const)
  test(`${path} is shown`, () => assert.equal(shown.get(path), value))

test('a text that a later version adds is hidden until somebody lists it', () => {
  const later = configSchema.extend({ later: z.strictObject({ text: z.string(), list: z.array(z.string()) }) })
  assert.ok(later.shape.later)
  const added = { ...config, later: { text: 'new', list: ['new'], flag: true } }
  const rows = new Map(shownValues(added as never).map(({ path, value }) => [path, value]))
  assert.deepEqual(
    [rows.get('later.text'), rows.get('later.list'), rows.get('later.flag')],
    [undefined, undefined, 'true'],
  )
})

test('every address of a store is hidden', () => {
  for (const store of ['redis://:pw@h', 'redis+sentinel://u:pw@h,i/m', 'sqlite:/secret/pw.db']) {
    const values = shownValues({ ...config, session: { ...config.session, store } })
    assert.match(values.find(({ path }) => path === 'session.store')?.value ?? '', /^(redis\S*|sqlite) \(the/)
    assert.ok(!JSON.stringify(values).includes('pw'))
  }
})

test('a long list of projects is a number', () => {
  const list = Array.from({ length: 10_000 }, (_, n) => ({ id: String(n), name: 'p', groups: [], viewerGroups: [] }))
  const values = shownValues({ ...config, projects: { source: 'static', list } })
  assert.equal(values.find(({ path }) => path === 'projects.list')?.value, '10000 entries')
})
