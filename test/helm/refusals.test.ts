import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHART, helm, refusal, render, valuesFile, valuesOf } from './chart.ts'

/** Values that the chart rejects, with the name of the value in the error. None of them reaches a cluster. */

for (const file of ['minimal', 'full'] as const) {
  test(`helm lint --strict finds no error in ${file}-values.yaml`, async () => {
    const { ok, stdout, stderr } = await helm(['lint', '--strict', CHART, '-f', valuesFile(file)])
    assert.ok(ok, stdout + stderr)
  })
}

test('without values all missing values are reported together', async () => {
  const said = await refusal({})
  for (const path of [
    'config.server.publicUrl',
    'config.issuer.url',
    'config.session.store',
    'config.access.adminGroup',
    'config.projects.source',
    'config.routes',
    'image.repository',
    'secrets.existingSecret',
    'networkPolicy.clients',
    'networkPolicy.redis.to',
    'networkPolicy.issuer.to',
  ])
    assert.match(said, new RegExp(`^${path}: expected .+, got (nothing|nobody)$`, 'm'))
})

const SECRET = 'hunter2-hunter2-hunter2-hunter2-hunter2'
const config = (section: string, over: object) => ({ config: { [section]: over } })
const upstreams = (over: object) => ({ networkPolicy: { upstreams: over } })

/** Rejected by the templates: `path: expected …, got …`. */
const FAULTS: [what: string, path: string, values: object][] = [
  ['a client secret in plain text', 'config.issuer.clientSecret', config('issuer', { clientSecret: SECRET })],
  ['a session secret in plain text', 'config.session.secrets.0', config('session', { secrets: [SECRET] })],
  [
    'a secret behind a good reference',
    'config.session.secrets.1',
    config('session', { secrets: ['${file:/run/secrets/modelops-gateway/session-secret}', SECRET] }),
  ],
  [
    'a reference with plain text around it',
    'config.issuer.clientSecret',
    config('issuer', { clientSecret: `\${file:/run/secrets/modelops-gateway/client-secret}${SECRET}` }),
  ],
  ['a Redis password in plain text', 'config.session.store', config('session', { store: `redis://:${SECRET}@redis` })],
  [
    'a Redis password in plain text behind a user',
    'config.session.store',
    config('session', { store: `rediss://gateway:${SECRET}@redis:6379/1` }),
  ],
  [
    'a Sentinel password in plain text',
    'config.session.store',
    config('session', { store: `redis+sentinel://a,b/m?sentinelPassword=${SECRET}` }),
  ],
  [
    'a service user’s secret in plain text',
    'config.projects.clientSecret',
    {
      config: {
        projects: { source: 'core', path: undefined, url: 'https://core.example', clientId: 'a', clientSecret: SECRET },
      },
      projects: undefined,
    },
  ],
  ['a store in memory', 'config.session.store', config('session', { store: 'memory' })],
  ['a store in a file', 'config.session.store', config('session', { store: 'sqlite:/tmp/sessions.db' })],
  ['a public listener on loopback', 'config.server.listen', config('server', { listen: '127.0.0.1:4180' })],
  ['an admin listener on loopback', 'config.server.adminListen', config('server', { adminListen: '[::1]:4181' })],
  ['a projects file elsewhere', 'config.projects.path', config('projects', { path: '/tmp/projects.yaml' })],
  ['a projects file without projects', 'projects', { projects: undefined }],
  ['projects that nobody reads', 'projects', { config: { projects: { source: 'claim', path: undefined } } }],
  ['a reference to a folder that is not mounted', 'config', config('issuer', { clientSecret: '${file:/etc/secret}' })],
  ['a variable that is not set', 'env', config('issuer', { clientSecret: '${env:NOWHERE}' })],
  [
    'a secret in a variable in plain text',
    'env.0',
    { ...config('issuer', { clientSecret: '${env:A}' }), env: [{ name: 'A', value: SECRET }] },
  ],
  [
    'a Redis password in a variable in plain text',
    'env.1',
    {
      ...config('session', { store: 'redis://:${env:A}@${env:HOST}' }),
      env: [
        { name: 'HOST', value: 'redis' },
        { name: 'A', value: SECRET },
      ],
    },
  ],
  [
    'a whole address in a variable in plain text',
    'env.0',
    { ...config('session', { store: '${env:A}' }), env: [{ name: 'A', value: `redis://:${SECRET}@redis` }] },
  ],
  ['two sources of secrets', 'secrets', { secrets: { data: { 'session-secret': SECRET } } }],
  [
    'a secret of the chart without a file that is referred to',
    'secrets.data.redis-password',
    { secrets: { existingSecret: '', data: { 'session-secret': SECRET, 'client-secret': SECRET } } },
  ],
  ['an upstream that no policy closes', 'networkPolicy.upstreams.mlflow', upstreams({ mlflow: undefined })],
  [
    'a policy of no route',
    'networkPolicy.upstreams.nothing',
    upstreams({ nothing: { ports: [1], ipBlocks: ['10.0.0.1/32'] } }),
  ],
  [
    'an upstream without pods or addresses',
    'networkPolicy.upstreams.mlflow',
    upstreams({ mlflow: { podSelector: undefined } }),
  ],
  ['an upstream with both', 'networkPolicy.upstreams.mlflow', upstreams({ mlflow: { ipBlocks: ['10.0.0.1/32'] } })],
  ['a public port open to everybody', 'networkPolicy.clients', { networkPolicy: { clients: [] } }],
  ['an HTTPRoute of no Gateway', 'httpRoute.parentRefs', { httpRoute: { enabled: true } }],
  [
    'hosts that are not known before the start',
    'config.server.publicUrl',
    {
      ingress: { enabled: true },
      config: { server: { publicUrl: 'https://${env:HOST}' } },
      env: [{ name: 'HOST', value: 'o.example' }],
    },
  ],
  [
    'a ServiceMonitor without an admin listener',
    'config.server.adminListen',
    { serviceMonitor: { enabled: true }, config: { server: { adminListen: null } } },
  ],
  [
    'a PrometheusRule without the job of its series',
    'prometheusRule.job',
    { prometheusRule: { enabled: true }, serviceMonitor: { enabled: false } },
  ],
  [
    'autoscaling without a request to count by',
    'resources.requests.cpu',
    { autoscaling: { enabled: true }, resources: { requests: { cpu: null } } },
  ],
  ['autoscaling upside down', 'autoscaling.maxReplicas', { autoscaling: { enabled: true, minReplicas: 9 } }],
]
for (const [what, path, values] of FAULTS) {
  test(`${what} is rejected: ${path}`, async () => {
    const said = await refusal(valuesOf('minimal', values))
    assert.match(said, new RegExp(`^${path.replaceAll('.', '\\.')}: expected .+, got .+$`, 'm'))
    assert.ok(!said.includes(SECRET), 'the value is shown')
  })
}

/** Rejected by values.schema.json: Helm names the place. */
const UNKNOWN: [what: string, place: RegExp, values: object][] = [
  ['a value that the chart does not know', /replicas/, { replicas: 3 }],
  [
    'a key that the gateway does not know',
    /config\/server.*publicURL/s,
    config('server', { publicURL: 'https://o.example' }),
  ],
  [
    'a key of a route that the gateway does not know',
    /config\/routes\/0/,
    { config: { routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://a', acces: 'login' }] } },
  ],
  ['a number in words', /replicaCount/, { replicaCount: 'two' }],
  ['a drain longer than an hour', /config\/server\/drainSeconds/, config('server', { drainSeconds: 9999 })],
  [
    'an access that does not exist',
    /config\/routes\/0\/access/,
    { config: { routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://a', access: 'all' }] } },
  ],
  ['a peer that is everybody', /networkPolicy\/clients\/0/, { networkPolicy: { clients: [{}] } }],
  [
    'an upstream’s selector that is every pod',
    /upstreams\/mlflow\/podSelector/,
    upstreams({ mlflow: { podSelector: { matchLabels: { 'app.kubernetes.io/name': undefined } } } }),
  ],
  [
    'an address that may reach an upstream',
    /upstreams\/mlflow\/alsoFrom\/0/,
    upstreams({ mlflow: { alsoFrom: [{ ipBlock: { cidr: '0.0.0.0/0' } }] } }),
  ],
  [
    'every pod that may reach an upstream',
    /upstreams\/mlflow\/alsoFrom\/0/,
    upstreams({ mlflow: { alsoFrom: [{ podSelector: {} }] } }),
  ],
  ['DNS at everybody’s', /networkPolicy\/dns/, { networkPolicy: { dns: [] } }],
  ['readiness by another path', /probes\/readiness.*path/s, { probes: { readiness: { path: '/readyz' } } }],
  ['one replica of an autoscaler', /autoscaling\/minReplicas/, { autoscaling: { minReplicas: 1 } }],
]
for (const [what, place, values] of UNKNOWN) {
  test(`${what} is rejected by the schema`, async () => assert.match(await refusal(valuesOf('minimal', values)), place))
}

test('a variable that is not a secret may be plain text', async () => {
  const store = 'redis://:${file:/run/secrets/modelops-gateway/redis-password}@${env:HOST}'
  await render('minimal', { ...config('session', { store }), env: [{ name: 'HOST', value: 'redis' }] })
})

test('the schema accepts a reference where the gateway expects a certain format', async () => {
  await render('minimal', {
    config: { server: { adminTokenHash: '${env:ADMIN_TOKEN_HASH}' } },
    env: [{ name: 'ADMIN_TOKEN_HASH', valueFrom: { secretKeyRef: { name: 'admin', key: 'hash' } } }],
  })
})
