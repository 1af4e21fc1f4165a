import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { at, type Manifest, type Manifests, NAMESPACE, render } from './chart.ts'

/** "Only the gateway reaches the upstreams": allowed connections as rows, and no rule that is open by accident. */

let minimal: Manifests
let full: Manifests
before(async () => {
  ;[minimal, full] = await Promise.all([render('minimal'), render('full')])
})

const inNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })
const podsOf = (labels: object) => ({ podSelector: { matchLabels: labels } })
const address = (cidr: string) => ({ ipBlock: { cidr } })
const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: 'TCP', port }))
const DNS = [{ ...inNamespace('kube-system'), ...podsOf({ 'k8s-app': 'kube-dns' }) }]
const REDIS = [podsOf({ 'app.kubernetes.io/name': 'redis' })]

const MINIMAL = {
  ingress: [{ from: [inNamespace('ingress')], ports: tcp(4180) }],
  egress: [
    { to: DNS, ports: [{ protocol: 'UDP', port: 53 }, ...tcp(53)] },
    { to: REDIS, ports: tcp(6379) },
    { to: [address('203.0.113.10/32')], ports: tcp(443) },
    { to: [{ ...inNamespace(NAMESPACE), ...podsOf({ 'app.kubernetes.io/name': 'mlflow' }) }], ports: tcp(5000) },
  ],
}
const FULL = {
  ingress: [
    {
      from: [{ ...inNamespace('ingress'), ...podsOf({ 'app.kubernetes.io/component': 'controller' }) }],
      ports: tcp(8080),
    },
    { from: [inNamespace('monitoring')], ports: tcp(8081) },
  ],
  egress: [
    MINIMAL.egress[0],
    { to: REDIS, ports: tcp(6379, 26379) },
    MINIMAL.egress[2],
    { to: [{ ...inNamespace('airflow'), ...podsOf({ component: 'api-server' }) }], ports: tcp(8080) },
    { to: [address('198.51.100.7/32')], ports: tcp(443) },
    MINIMAL.egress[3],
    { to: [address('203.0.113.20/32')], ports: tcp(443) },
  ],
}

const policy = (manifests: Manifests, name: string) => manifests.one('NetworkPolicy', name)

test('the gateway accepts its clients, and connects only to DNS, Redis, issuer and upstreams', () => {
  for (const [manifests, name, rules] of [
    [minimal, 'gw-modelops-gateway', MINIMAL],
    [full, 'gw', FULL],
  ] as const) {
    const spec = at(policy(manifests, name), 'spec')
    assert.deepEqual(at(spec, 'ingress'), rules.ingress)
    assert.deepEqual(at(spec, 'egress'), rules.egress)
    assert.deepEqual(at(spec, 'policyTypes'), ['Ingress', 'Egress'])
  }
})

const GATEWAY = (name: string) => ({
  ...inNamespace(NAMESPACE),
  ...podsOf({ 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': 'gw' }),
})
const CLOSED: [name: string, of: 'minimal' | 'full', namespace: string, pods: object, ingress: object[]][] = [
  [
    'gw-modelops-gateway-upstream-mlflow',
    'minimal',
    NAMESPACE,
    { 'app.kubernetes.io/name': 'mlflow' },
    [{ from: [GATEWAY('modelops-gateway')], ports: tcp(5000) }],
  ],
  [
    'gw-upstream-mlflow',
    'full',
    NAMESPACE,
    { 'app.kubernetes.io/name': 'mlflow' },
    [{ from: [GATEWAY('gw')], ports: tcp(5000) }],
  ],
  [
    'gw-upstream-airflow',
    'full',
    'airflow',
    { component: 'api-server' },
    [{ from: [GATEWAY('gw'), podsOf({ component: 'worker' })], ports: tcp(8080) }],
  ],
]
for (const [name, of, namespace, pods, ingress] of CLOSED) {
  test(`${name}: in its own namespace, the pods of the application accept only the gateway and the named peers`, () => {
    const found = policy(of === 'full' ? full : minimal, name)
    assert.equal(found.metadata.namespace, namespace)
    assert.deepEqual(at(found, 'spec'), { podSelector: { matchLabels: pods }, policyTypes: ['Ingress'], ingress })
  })
}

test('an application outside the cluster has an address in the gateway’s policy and no policy of its own', () => {
  const names = full.all.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name)
  assert.deepEqual(names.toSorted(), ['gw', 'gw-upstream-airflow', 'gw-upstream-mlflow'])
})

test('the gateway’s policies select its pods and the pod of helm test, with the same labels as the upstreams’ policies', () => {
  for (const [manifests, name, of] of [
    [minimal, 'gw-modelops-gateway', 'modelops-gateway'],
    [full, 'gw', 'gw'],
  ] as const) {
    const selector = at(policy(manifests, name), 'spec.podSelector.matchLabels') as Record<string, string>
    assert.deepEqual({ matchLabels: selector }, GATEWAY(of).podSelector)
    const pods = [
      at(manifests.one('Deployment'), 'spec.template.metadata.labels'),
      at(manifests.one('Pod'), 'metadata.labels'),
    ]
    for (const labels of pods as Record<string, string>[])
      for (const [key, value] of Object.entries(selector)) assert.equal(labels[key], value)
  }
})

test('no rule has an empty list of peers or ports, which would allow everything', () => {
  const policies = [...minimal.all, ...full.all].filter(({ kind }) => kind === 'NetworkPolicy')
  const rules = policies.flatMap((each: Manifest) => [
    ...((at(each, 'spec.ingress') ?? []) as object[]),
    ...((at(each, 'spec.egress') ?? []) as object[]),
  ])
  assert.equal(rules.length, 17)
  for (const rule of rules) {
    const peers = (at(rule, 'from') ?? at(rule, 'to')) as object[] | undefined
    assert.ok(Array.isArray(peers) && peers.length > 0 && peers.every((peer) => Object.keys(peer).length > 0))
    assert.ok((at(rule, 'ports') as object[]).length > 0)
  }
})

test('without monitoring no peer reaches the admin port, and without an admin listener the port does not exist', async () => {
  assert.ok(!JSON.stringify(at(policy(minimal, 'gw-modelops-gateway'), 'spec')).includes('4181'))
  const without = await render('full', {
    serviceMonitor: { enabled: false },
    prometheusRule: { enabled: false },
    config: { server: { adminListen: null } },
  })
  assert.ok(!JSON.stringify(without.all).includes('8081'))
  assert.deepEqual(
    without.all.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name),
    ['gw'],
  )
})

test('networkPolicy.enabled: false renders no policy and requires no peers', async () => {
  const off = { enabled: false, clients: [], redis: { to: [] }, issuer: { to: [] }, upstreams: { mlflow: undefined } }
  assert.ok(!(await render('minimal', { networkPolicy: off })).kinds.includes('NetworkPolicy'))
})
