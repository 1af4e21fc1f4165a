import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { valuesSchema } from '../../infra/helm/values.ts'
import { at, CHART, type Manifests, render } from './chart.ts'

let minimal: Manifests
let full: Manifests
before(async () => {
  ;[minimal, full] = await Promise.all([render('minimal'), render('full')])
})

test('values.yaml holds exactly the defaults of the table', () => {
  assert.deepEqual(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')), valuesSchema.parse({}))
})

test('the chart carries the version of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string; appVersion: string }
  assert.deepEqual([chart.version, chart.appVersion], [version, version])
})

test('what is optional is off until it is switched on', () => {
  const usual = [
    ...['ConfigMap', 'ConfigMap', 'Deployment', 'NetworkPolicy', 'NetworkPolicy', 'Pod', 'PodDisruptionBudget'],
    ...['Service', 'Service', 'ServiceAccount'],
  ]
  assert.deepEqual(minimal.kinds, usual)
  for (const kind of ['HorizontalPodAutoscaler', 'HTTPRoute', 'Ingress', 'ServiceMonitor'])
    assert.ok(full.kinds.includes(kind), kind)
})

const POD = 'spec.template.spec'
const CONTAINER = `${POD}.containers.0`
const HARDENED: [path: string, value: unknown][] = [
  [`${POD}.automountServiceAccountToken`, false],
  [`${POD}.enableServiceLinks`, false],
  [`${POD}.hostNetwork`, undefined],
  [`${POD}.securityContext.runAsNonRoot`, true],
  [`${POD}.securityContext.runAsUser`, 65532],
  [`${POD}.securityContext.runAsGroup`, 65532],
  [`${POD}.securityContext.fsGroup`, 65532],
  [`${POD}.securityContext.seccompProfile`, { type: 'RuntimeDefault' }],
  [
    `${CONTAINER}.securityContext`,
    {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
  ],
  [`${POD}.containers.1`, undefined],
  [`${POD}.initContainers`, undefined],
  [`${POD}.volumes.1.secret`, { secretName: 'modelops-gateway', defaultMode: 0o440 }],
]
for (const [path, value] of HARDENED) {
  test(`the pods, the pod of helm test included, have ${path} ${JSON.stringify(value)}`, () => {
    for (const manifests of [minimal, full]) {
      assert.deepEqual(at(manifests.one('Deployment'), path), value)
      if (path.includes('volumes')) continue
      assert.deepEqual(at(manifests.one('Pod'), path.replace('spec.template.', '')), value)
    }
  })
}

test('everything is mounted read-only, and nothing of the node is', () => {
  const mounts = at(minimal.one('Deployment'), `${CONTAINER}.volumeMounts`) as { readOnly: boolean }[]
  assert.ok(mounts.length === 2 && mounts.every(({ readOnly }) => readOnly))
  assert.ok(!JSON.stringify([minimal.all, full.all]).includes('hostPath'))
})

test('the image runs as the same user as the pods', () => {
  assert.match(readFileSync('Dockerfile', 'utf8'), /^USER 65532:65532$/m)
})

const ROWS: [what: string, of: 'minimal' | 'full', kind: string, path: string, value: unknown][] = [
  ['two replicas', 'minimal', 'Deployment', 'spec.replicas', 2],
  ['no count beside an autoscaler', 'full', 'Deployment', 'spec.replicas', undefined],
  [
    'a new pod before an old one goes',
    'minimal',
    'Deployment',
    'spec.strategy.rollingUpdate',
    { maxSurge: 1, maxUnavailable: 0 },
  ],
  ['the image by tag', 'minimal', 'Deployment', `${CONTAINER}.image`, 'registry.example/modelops-gateway:0.1.0'],
  [
    'the image by digest',
    'full',
    'Deployment',
    `${CONTAINER}.image`,
    'registry.example/modelops-gateway@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  ],
  ['the ports of config', 'full', 'Deployment', `${CONTAINER}.ports.0.containerPort`, 8080],
  ['the admin port of config', 'full', 'Deployment', `${CONTAINER}.ports.1.containerPort`, 8081],
  [
    'a start that waits for issuer and store',
    'minimal',
    'Deployment',
    `${CONTAINER}.startupProbe.httpGet`,
    { path: '/readyz', port: 'http' },
  ],
  [
    'a start that does not wait, where asked for',
    'full',
    'Deployment',
    `${CONTAINER}.startupProbe.httpGet`,
    { path: '/healthz', port: 'http' },
  ],
  [
    'readiness without the store',
    'minimal',
    'Deployment',
    `${CONTAINER}.readinessProbe.httpGet`,
    { path: '/healthz', port: 'http' },
  ],
  [
    'liveness without the store',
    'full',
    'Deployment',
    `${CONTAINER}.livenessProbe.httpGet`,
    { path: '/healthz', port: 'http' },
  ],
  ['five minutes to start', 'minimal', 'Deployment', `${CONTAINER}.startupProbe.failureThreshold`, 150],
  ['time to leave the endpoints', 'full', 'Deployment', `${CONTAINER}.lifecycle.preStop`, { sleep: { seconds: 10 } }],
  // preStop 5, notice 3, drain 30, closing 5; and 10, 3, 120, 5
  ['a grace longer than the drain', 'minimal', 'Deployment', `${POD}.terminationGracePeriodSeconds`, 43],
  ['a grace that follows the drain', 'full', 'Deployment', `${POD}.terminationGracePeriodSeconds`, 138],
  [
    'pods over nodes',
    'minimal',
    'Deployment',
    `${POD}.topologySpreadConstraints.0.topologyKey`,
    'kubernetes.io/hostname',
  ],
  [
    'pods over zones',
    'minimal',
    'Deployment',
    `${POD}.topologySpreadConstraints.1.topologyKey`,
    'topology.kubernetes.io/zone',
  ],
  ['pull secrets', 'full', 'Deployment', `${POD}.imagePullSecrets`, [{ name: 'registry' }]],
  ['the priority', 'full', 'Deployment', `${POD}.priorityClassName`, 'high'],
  ['an account without a token', 'minimal', 'ServiceAccount', 'automountServiceAccountToken', false],
  ['one pod away at a time', 'minimal', 'PodDisruptionBudget', 'spec.maxUnavailable', 1],
  [
    'no stuck node behind a broken pod',
    'minimal',
    'PodDisruptionBudget',
    'spec.unhealthyPodEvictionPolicy',
    'AlwaysAllow',
  ],
  ['the floor of scaling', 'full', 'HorizontalPodAutoscaler', 'spec.minReplicas', 2],
  ['the top of scaling', 'full', 'HorizontalPodAutoscaler', 'spec.maxReplicas', 10],
  ['scaling by processor time', 'full', 'HorizontalPodAutoscaler', 'spec.metrics.0.resource.name', 'cpu'],
  [
    'slow scaling down',
    'full',
    'HorizontalPodAutoscaler',
    'spec.behavior.scaleDown',
    { stabilizationWindowSeconds: 300, policies: [{ type: 'Pods', value: 1, periodSeconds: 120 }] },
  ],
  ['the ingress class', 'full', 'Ingress', 'spec.ingressClassName', 'nginx'],
  [
    'TLS for the hosts of config',
    'full',
    'Ingress',
    'spec.tls',
    [{ secretName: 'o-example-tls', hosts: ['o.example', 'api.example'] }],
  ],
  ['the host of a route in the Ingress', 'full', 'Ingress', 'spec.rules.1.host', 'api.example'],
  ['the hosts of the HTTPRoute', 'full', 'HTTPRoute', 'spec.hostnames', ['o.example', 'api.example']],
  ['the port of the HTTPRoute', 'full', 'HTTPRoute', 'spec.rules.0.backendRefs', [{ name: 'gw', port: 8080 }]],
  [
    'a scrape of /metrics',
    'full',
    'ServiceMonitor',
    'spec.endpoints',
    [{ port: 'admin', path: '/metrics', interval: '30s' }],
  ],
]
for (const [what, of, kind, path, value] of ROWS) {
  test(`${of}: ${what} (${kind})`, () => assert.deepEqual(at((of === 'full' ? full : minimal).one(kind), path), value))
}

test('Service, autoscaler, budget and Deployment select the pods of the Deployment, not the pod of helm test', () => {
  for (const manifests of [minimal, full]) {
    const name = at(manifests.one('Deployment'), 'metadata.name')
    const labels = at(manifests.one('Deployment'), 'spec.template.metadata.labels') as Record<string, string>
    const check = at(manifests.one('Pod'), 'metadata.labels') as Record<string, string>
    const selectors = [
      at(manifests.one('Deployment'), 'spec.selector.matchLabels'),
      at(manifests.one('PodDisruptionBudget'), 'spec.selector.matchLabels'),
      ...[name, `${name}-admin`].map((service) => at(manifests.one('Service', String(service)), 'spec.selector')),
    ] as Record<string, string>[]
    for (const selector of selectors) {
      assert.ok(selects(selector, labels))
      assert.ok(!selects(selector, check))
    }
  }
  assert.equal(
    at(full.one('HorizontalPodAutoscaler'), 'spec.scaleTargetRef.name'),
    full.one('Deployment').metadata.name,
  )
})

const selects = (selector: Record<string, string>, labels: Record<string, string>) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

const checksum = async (values?: object) =>
  at((await render('minimal', values)).one('Deployment'), 'spec.template.metadata.annotations.checksum/config')

test('a change of config starts new pods, a change of projects does not', async () => {
  const before = await checksum()
  assert.equal(
    await checksum({ projects: [{ id: '22222222-2222-4222-8222-222222222222', name: 'b', groups: [] }] }),
    before,
  )
  assert.notEqual(await checksum({ config: { log: { level: 'debug' } } }), before)
  assert.match(String(before), /^[0-9a-f]{64}$/)
})

test('a change of a secret that the chart keeps starts new pods', async () => {
  const sums = ['one', 'two'].map(async (value) => {
    const data = { 'client-secret': value, 'session-secret': value, 'redis-password': value }
    const deployment = (await render('minimal', { secrets: { existingSecret: '', data } })).one('Deployment')
    const sum = at(deployment, 'spec.template.metadata.annotations.checksum/secrets')
    assert.notEqual(sum, createHash('sha256').update(value).digest('hex'))
    return sum
  })
  const [one, two] = await Promise.all(sums)
  assert.notEqual(one, two)
})
