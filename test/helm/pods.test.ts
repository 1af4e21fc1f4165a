import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { DEFAULT_CONFIG } from '../../infra/helm/values.ts'
import { at, type Manifests, render, valuesOf } from './chart.ts'

let minimal: Manifests
let full: Manifests
before(async () => {
  ;[minimal, full] = await Promise.all([render('minimal'), render('full')])
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

test('everything is mounted read-only, and nothing of the node is mounted', () => {
  const mounts = at(minimal.one('Deployment'), `${CONTAINER}.volumeMounts`) as { readOnly: boolean }[]
  assert.ok(mounts.length === 2 && mounts.every(({ readOnly }) => readOnly))
  assert.ok(!JSON.stringify([minimal.all, full.all]).includes('hostPath'))
})

test('the image runs as the same user as the pods', () => {
  assert.match(readFileSync('Dockerfile', 'utf8'), /^USER 65532:65532$/m)
})

const HEALTHZ = { path: '/healthz', port: 'http' }
const ROWS: [what: string, of: 'minimal' | 'full', path: string, value: unknown][] = [
  [
    'a new pod comes before an old one goes',
    'minimal',
    'spec.strategy.rollingUpdate',
    { maxSurge: 1, maxUnavailable: 0 },
  ],
  ['the count is the autoscaler’s', 'full', 'spec.replicas', undefined],
  ['the public port is the one of config', 'full', `${CONTAINER}.ports.0.containerPort`, 8080],
  ['the admin port is the one of config', 'full', `${CONTAINER}.ports.1.containerPort`, 8081],
  [
    'a start waits for issuer and store',
    'minimal',
    `${CONTAINER}.startupProbe.httpGet`,
    { path: '/readyz', port: 'http' },
  ],
  ['readiness does not ask for the store', 'minimal', `${CONTAINER}.readinessProbe.httpGet`, HEALTHZ],
  ['liveness does not ask for the store', 'minimal', `${CONTAINER}.livenessProbe.httpGet`, HEALTHZ],
  // preStop 5, notice 3, drain 30, closing 5; and 10, 3, 120, 5
  ['the grace is longer than all that ends a pod', 'minimal', `${POD}.terminationGracePeriodSeconds`, 43],
  ['the grace follows the drain of config', 'full', `${POD}.terminationGracePeriodSeconds`, 138],
  ['pods spread over nodes', 'minimal', `${POD}.topologySpreadConstraints.0.topologyKey`, 'kubernetes.io/hostname'],
  [
    'pods spread over zones',
    'minimal',
    `${POD}.topologySpreadConstraints.1.topologyKey`,
    'topology.kubernetes.io/zone',
  ],
]
for (const [what, of, path, value] of ROWS) {
  test(`${of}: ${what}`, () => assert.deepEqual(at((of === 'full' ? full : minimal).one('Deployment'), path), value))
}

test('the service account of the pods has no token', () => {
  assert.equal(at(minimal.one('ServiceAccount'), 'automountServiceAccountToken'), false)
  assert.equal(at(minimal.one('Deployment'), `${POD}.serviceAccountName`), minimal.one('ServiceAccount').metadata.name)
})

test('a pod that never became ready does not prevent a node from being drained', () => {
  assert.equal(at(minimal.one('PodDisruptionBudget'), 'spec.unhealthyPodEvictionPolicy'), 'AlwaysAllow')
})

test('scaling follows the CPU usage, and scales down by one pod at a time', () => {
  const spec = at(full.one('HorizontalPodAutoscaler'), 'spec')
  assert.equal(at(spec, 'metrics.0.resource.name'), 'cpu')
  assert.equal(at(spec, 'metrics.1'), undefined)
  assert.deepEqual(at(spec, 'behavior.scaleDown'), {
    stabilizationWindowSeconds: 300,
    policies: [{ type: 'Pods', value: 1, periodSeconds: 120 }],
  })
})

test('Ingress and HTTPRoute route the hosts of config completely to the Service', () => {
  const hosts = ['o.example', 'api.example']
  const rules = at(full.one('Ingress'), 'spec.rules') as { host: string; http: unknown }[]
  assert.deepEqual(
    rules.map(({ host }) => host),
    hosts,
  )
  for (const { http } of rules) {
    assert.equal(at(http, 'paths.0.path'), '/')
    assert.deepEqual(at(http, 'paths.0.backend.service'), { name: 'gw', port: { name: 'http' } })
  }
  assert.deepEqual(at(full.one('Ingress'), 'spec.tls'), [{ secretName: 'o-example-tls', hosts }])
  assert.deepEqual(at(full.one('HTTPRoute'), 'spec.hostnames'), hosts)
  assert.deepEqual(at(full.one('HTTPRoute'), 'spec.rules.0.backendRefs'), [{ name: 'gw', port: 8080 }])
})

test('the gateway gets config unchanged, including large numbers', () => {
  const given = at(valuesOf('full'), 'config') as object
  const { server, issuer, session } = DEFAULT_CONFIG
  const rendered: unknown = parse(full.one('ConfigMap', 'gw').data?.['gateway.yaml'] ?? '')
  const merged = {
    server: { ...server, ...Reflect.get(given, 'server') },
    issuer: { ...issuer, ...Reflect.get(given, 'issuer') },
    session: { ...session, ...Reflect.get(given, 'session') },
  }
  assert.deepEqual(rendered, { ...given, ...merged })
})

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
