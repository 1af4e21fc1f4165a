import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { valuesSchema } from '../../infra/helm/values.ts'
import { at, CHART, isMapping, type Manifests, merge, render, valuesFile } from './chart.ts'

/** Every value of the chart, changed: what it changes, and that this is different without it. */

let minimal: Manifests
let full: Manifests
let flipped: Manifests

test('values.yaml contains exactly the defaults of the table', () => {
  assert.deepEqual(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')), valuesSchema.parse({}))
})

test('the chart has the version of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string; appVersion: string }
  assert.deepEqual([chart.version, chart.appVersion], [version, version])
})

test('optional features are off by default', () => {
  const usual = [
    ...['ConfigMap', 'ConfigMap', 'Deployment', 'NetworkPolicy', 'NetworkPolicy', 'Pod', 'PodDisruptionBudget'],
    ...['Service', 'Service', 'ServiceAccount'],
  ]
  assert.deepEqual(minimal.kinds, usual)
  for (const kind of ['HorizontalPodAutoscaler', 'HTTPRoute', 'Ingress', 'ServiceMonitor', 'PrometheusRule'])
    assert.ok(full.kinds.includes(kind), kind)
})

const POD = 'Deployment:spec.template.spec'
const C = `${POD}.containers.0`
const GATEWAY = 'NetworkPolicy/gw-modelops-gateway:spec'
const NO_REPLICA = 'PrometheusRule:spec.groups.1.rules.0'
const PEER = { podSelector: { matchLabels: { a: 'b' } } }
const UPSTREAM = { podSelector: { matchLabels: { app: 'other' } }, ports: [5001] }

type Row = [value: string, to: unknown, where: string, expected: unknown]

/** Rendered together. */
const TOGETHER: Row[] = [
  ['replicaCount', 5, 'Deployment:spec.replicas', 5],
  ['image.repository', 'r.example/gw', `${C}.image`, 'r.example/gw:7'],
  ['image.tag', '7', `${C}.image`, 'r.example/gw:7'],
  ['image.pullPolicy', 'Always', `${C}.imagePullPolicy`, 'Always'],
  ['imagePullSecrets', [{ name: 'r' }], `${POD}.imagePullSecrets`, [{ name: 'r' }]],
  ['secrets.existingSecret', 'mine', `${POD}.volumes.1.secret.secretName`, 'mine'],
  ['env', [{ name: 'A', value: 'b' }], `${C}.env`, [{ name: 'A', value: 'b' }]],
  ['resources', { limits: { memory: '2Gi' } }, `${C}.resources.limits.memory`, '2Gi'],
  ['probes.startup.path', '/healthz', `${C}.startupProbe.httpGet.path`, '/healthz'],
  ...['startup', 'readiness', 'liveness'].flatMap((name): Row[] =>
    ['periodSeconds', 'timeoutSeconds', 'failureThreshold'].map(
      (key): Row => [`probes.${name}.${key}`, 77, `${C}.${name}Probe.${key}`, 77],
    ),
  ),
  ['preStopSeconds', 9, `${C}.lifecycle.preStop.sleep.seconds`, 9],
  ['podAnnotations', { a: 'b' }, 'Deployment:spec.template.metadata.annotations.a', 'b'],
  ['podLabels', { a: 'b' }, 'Deployment:spec.template.metadata.labels.a', 'b'],
  ['nodeSelector', { a: 'b' }, `${POD}.nodeSelector`, { a: 'b' }],
  ['tolerations', [{ key: 'a' }], `${POD}.tolerations`, [{ key: 'a' }]],
  ['affinity', { nodeAffinity: {} }, `${POD}.affinity`, { nodeAffinity: {} }],
  ['topologySpreadConstraints', [{ maxSkew: 2 }], `${POD}.topologySpreadConstraints`, [{ maxSkew: 2 }]],
  ['priorityClassName', 'high', `${POD}.priorityClassName`, 'high'],
  ['service.type', 'NodePort', 'Service/gw-modelops-gateway:spec.type', 'NodePort'],
  ['service.port', 8000, 'Service/gw-modelops-gateway:spec.ports.0.port', 8000],
  ['service.annotations', { a: 'b' }, 'Service/gw-modelops-gateway:metadata.annotations', { a: 'b' }],
  ['ingress.enabled', true, 'Ingress:spec.rules.0.host', 'o.example'],
  ['ingress.className', 'nginx', 'Ingress:spec.ingressClassName', 'nginx'],
  ['ingress.annotations', { a: 'b' }, 'Ingress:metadata.annotations', { a: 'b' }],
  ['ingress.tlsSecretName', 'tls', 'Ingress:spec.tls.0.secretName', 'tls'],
  ['httpRoute.enabled', true, 'HTTPRoute:spec.hostnames', ['o.example']],
  ['httpRoute.parentRefs', [{ name: 'p' }], 'HTTPRoute:spec.parentRefs', [{ name: 'p' }]],
  ['httpRoute.annotations', { a: 'b' }, 'HTTPRoute:metadata.annotations', { a: 'b' }],
  ['podDisruptionBudget.maxUnavailable', 2, 'PodDisruptionBudget:spec.maxUnavailable', 2],
  ['networkPolicy.clients', [PEER], `${GATEWAY}.ingress.0.from`, [PEER]],
  ['networkPolicy.monitoring', [PEER], `${GATEWAY}.ingress.1.from`, [PEER]],
  ['networkPolicy.dns', [PEER], `${GATEWAY}.egress.0.to`, [PEER]],
  ['networkPolicy.redis.to', [PEER], `${GATEWAY}.egress.1.to`, [PEER]],
  ['networkPolicy.redis.ports', [1], `${GATEWAY}.egress.1.ports.0.port`, 1],
  ['networkPolicy.issuer.to', [PEER], `${GATEWAY}.egress.2.to`, [PEER]],
  ['networkPolicy.issuer.ports', [2], `${GATEWAY}.egress.2.ports.0.port`, 2],
  ['networkPolicy.upstreams', { mlflow: UPSTREAM }, `${GATEWAY}.egress.3.ports.0.port`, 5001],
  ['networkPolicy.extraEgress', [{ to: [PEER] }], `${GATEWAY}.egress.4`, { to: [PEER] }],
  ['serviceMonitor.enabled', true, 'ServiceMonitor:spec.endpoints.0.path', '/metrics'],
  ['serviceMonitor.interval', '5s', 'ServiceMonitor:spec.endpoints.0.interval', '5s'],
  ['serviceMonitor.labels', { a: 'b' }, 'ServiceMonitor:metadata.labels.a', 'b'],
  ['prometheusRule.enabled', true, 'PrometheusRule:spec.groups.0.name', 'modelops-gateway-recordings'],
  ['prometheusRule.labels', { a: 'b' }, 'PrometheusRule:metadata.labels.a', 'b'],
  ['prometheusRule.job', 'mine', `${NO_REPLICA}.expr`, 'sum by (namespace, job) (up{job="mine"}) == 0'],
  [
    'prometheusRule.runbookBaseUrl',
    'https://d.example/r',
    `${NO_REPLICA}.annotations.runbook_url`,
    'https://d.example/r/no-replica.md',
  ],
  ['dashboard.enabled', true, 'ConfigMap/gw-modelops-gateway-dashboard:metadata.labels.grafana_dashboard', '1'],
  ['dashboard.labels', { a: 'b' }, 'ConfigMap/gw-modelops-gateway-dashboard:metadata.labels.a', 'b'],
  ['dashboard.annotations', { a: 'b' }, 'ConfigMap/gw-modelops-gateway-dashboard:metadata.annotations.a', 'b'],
]

/** Each is rendered separately, because it changes the effect of others. */
const ALONE: Row[] = [
  ['nameOverride', 'door', 'Deployment:metadata.name', 'gw-door'],
  ['fullnameOverride', 'door', 'Deployment:metadata.name', 'door'],
  ['image.digest', 'sha256:1', `${C}.image`, 'registry.example/modelops-gateway@sha256:1'],
  ['preStopSeconds', 0, `${C}.lifecycle`, undefined],
  ['projects', [], 'ConfigMap/gw-modelops-gateway-projects:data', undefined],
  ['secrets.data', { 'session-secret': 'b' }, 'Secret:data', { 'session-secret': 'Yg==' }],
  [
    'issuerToken.audience',
    'https://sso.example',
    'Deployment:spec.template.spec.volumes.2.projected.sources.0.serviceAccountToken.audience',
    'https://sso.example',
  ],
  [
    'issuerToken.expirationSeconds',
    900,
    'Deployment:spec.template.spec.volumes.2.projected.sources.0.serviceAccountToken.expirationSeconds',
    900,
  ],
  ['podDisruptionBudget.enabled', false, 'PodDisruptionBudget:spec', undefined],
  ['autoscaling.enabled', true, 'Deployment:spec.replicas', undefined],
  ['autoscaling.minReplicas', 3, 'HorizontalPodAutoscaler:spec.minReplicas', 3],
  ['autoscaling.maxReplicas', 9, 'HorizontalPodAutoscaler:spec.maxReplicas', 9],
  [
    'autoscaling.targetCPUUtilizationPercentage',
    50,
    'HorizontalPodAutoscaler:spec.metrics.0.resource.target.averageUtilization',
    50,
  ],
  ['networkPolicy.enabled', false, `${GATEWAY}.policyTypes`, undefined],
]

const WITHOUT_A_SECRET = {
  config: {
    issuer: {
      clientSecret: null,
      clientAuthentication: 'jwt_file',
      clientAssertion: { path: '/run/secrets/issuer-token/token' },
    },
  },
}

/** Other values that a value of ALONE needs. */
const BESIDE: Record<string, object> = {
  'issuerToken.audience': WITHOUT_A_SECRET,
  'issuerToken.expirationSeconds': { ...WITHOUT_A_SECRET, issuerToken: { audience: 'https://sso.example' } },
  projects: { config: { projects: { source: 'claim', path: undefined } } },
  'secrets.data': {
    secrets: { existingSecret: '' },
    config: {
      issuer: { clientSecret: '${file:/run/secrets/modelops-gateway/session-secret}' },
      session: { store: 'redis://r' },
    },
  },
  ...Object.fromEntries(
    ['minReplicas', 'maxReplicas', 'targetCPUUtilizationPercentage'].map((key) => [
      `autoscaling.${key}`,
      { autoscaling: { enabled: true } },
    ]),
  ),
}

/** The value with its parents: `a.b` and 1 become `{ a: { b: 1 } }`. */
const nest = (path: string, value: unknown): object =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object

function look(manifests: Manifests, where: string): unknown {
  const [of = '', path = ''] = where.split(':')
  const [kind = '', name] = of.split('/')
  const found = manifests.all.find((each) => each.kind === kind && (name === undefined || each.metadata.name === name))
  return at(found, path)
}

before(async () => {
  const values = TOGETHER.reduce<object>((all, [path, to]) => merge(all, nest(path, to)), {})
  ;[minimal, full, flipped] = await Promise.all([render('minimal'), render('full'), render('minimal', values)])
})

for (const [value, to, where, expected] of TOGETHER) {
  test(`${value} ${JSON.stringify(to)} changes ${where}`, () => {
    assert.deepEqual(look(flipped, where), expected)
    assert.notDeepEqual(look(minimal, where), expected)
  })
}
for (const [value, to, where, expected] of ALONE) {
  test(`${value} ${JSON.stringify(to)} changes ${where}`, async () => {
    const manifests = await render('minimal', merge(BESIDE[value] ?? {}, nest(value, to)))
    assert.deepEqual(look(manifests, where), expected)
    assert.notDeepEqual(look(minimal, where), expected)
  })
}

test('every value but the gateway’s own configuration is among these', () => {
  const flips = [...TOGETHER, ...ALONE].map(([value]) => value)
  const leaves = leavesOf(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'))).filter(
    (leaf) => !/^config\./.test(leaf),
  )
  assert.ok(leaves.length > 50)
  assert.deepEqual(
    leaves.filter((leaf) => !flips.some((flip) => leaf === flip || leaf.startsWith(`${flip}.`))),
    [],
  )
})

const leavesOf = (node: object, path = ''): string[] =>
  Object.entries(node).flatMap(([key, value]) =>
    isMapping(value) && Object.keys(value).length > 0 ? leavesOf(value, `${path}${key}.`) : [`${path}${key}`],
  )

test('the guide shows ci/minimal-values.yaml as it is', () => {
  const guide = readFileSync(join('docs', 'guides', 'deploy', 'kubernetes.md'), 'utf8')
  assert.ok(guide.includes(`\`\`\`yaml\n${readFileSync(valuesFile('minimal'), 'utf8')}\`\`\``))
})
