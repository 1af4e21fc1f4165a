import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import { KIT_PROJECTS, KIT_SECRET, signedInBrowser } from '../kit.ts'
import { eventually } from '../redis-store.ts'
import { at, type Manifests, render } from './chart.ts'
import { Pod, type Running } from './pod.ts'

/** The rendered chart as processes: its files, arguments, probes and times, with a real issuer and a real Redis. */

const PASSWORD = 'the-password-of-this-redis'
const folder = mkdtempSync(join(tmpdir(), 'modelops-helm-'))
let issuer: EmbeddedIssuer
let redis: RedisServer
/** Responds at once. Requests for `/hold` wait in `held`. */
const held: ServerResponse[] = []
const upstream = createServer((request, response) => {
  if (request.url?.endsWith('/hold')) held.push(response)
  else response.end('here')
})
let manifests: Manifests
let pod: Pod
let running: Running

before(async () => {
  ;[issuer, redis] = await Promise.all([startIssuer(), startRedis({ args: ['--requirepass', PASSWORD] })])
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  manifests = await render('minimal', await values())
  pod = new Pod(at(manifests.one('Deployment'), 'spec.template.spec'), join(folder, 'pod'))
  pod.mount(manifests)
})
after(async () => {
  if (running?.child.exitCode === null) running.child.kill('SIGKILL')
  upstream.closeAllConnections()
  upstream.close()
  await Promise.all([issuer.close(), redis.close()])
  rmSync(folder, { recursive: true, force: true })
})

const references = { redis: '${file:/run/secrets/modelops-gateway/redis-password}' }
let ports: readonly [number, number]

async function values(password = PASSWORD, projects: readonly object[] = KIT_PROJECTS) {
  ports ??= [await freePort(), await freePort()]
  const [port, admin] = ports
  const upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  return {
    config: {
      server: {
        listen: `0.0.0.0:${port}`,
        adminListen: `0.0.0.0:${admin}`,
        publicUrl: `http://127.0.0.1:${port}`,
        drainSeconds: 4,
      },
      issuer: { url: issuer.url },
      session: { store: `redis://:${references.redis}@127.0.0.1:${redis.port}` },
      routes: [
        { name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstreamUrl },
        { name: 'open', app: 'generic', path: '/open', access: 'public', upstream: upstreamUrl },
      ],
    },
    projects,
    secrets: {
      existingSecret: '',
      data: { 'client-secret': GATEWAY_CLIENT.secret, 'session-secret': KIT_SECRET, 'redis-password': password },
    },
    networkPolicy: { upstreams: { mlflow: undefined, lobby: upstreamPods, open: upstreamPods } },
  }
}
const upstreamPods = { podSelector: { matchLabels: { app: 'lobby' } }, ports: [80] }

const url = () => `http://127.0.0.1:${pod.port('http')}`

/** The response that the kubelet gets for a probe of the container. */
async function probe(name: string, of: Pod = pod): Promise<number> {
  const { path, port } = at(of.container, `${name}.httpGet`) as { path: string; port: string }
  const answer = await fetch(`http://127.0.0.1:${of.port(port)}${path}`)
  await answer.arrayBuffer()
  return answer.status
}

test('check finds no error in the rendered configuration', async () => {
  const check = pod.start(['check', '--config', '/etc/modelops-gateway/gateway.yaml'])
  assert.deepEqual(await check.ended, { code: 0, signal: null }, check.output())
})

test('the pod of helm test checks issuer, store and upstreams, and succeeds', async () => {
  const check = new Pod(at(manifests.one('Pod'), 'spec'), join(folder, 'check'))
  check.mount(manifests)
  const started = check.start()
  // A Redis that may evict sessions would be an error. The default configuration of Debian does not.
  assert.deepEqual(await started.ended, { code: 0, signal: null }, started.output())
  assert.match(started.output(), /issuer, store and \d+ upstreams? are reachable/)
})

test('a new pod with a wrong password runs but never becomes ready, so a rollout stops at it', async () => {
  const wrong = await render('minimal', await values('another-password'))
  const broken = new Pod(at(wrong.one('Deployment'), 'spec.template.spec'), join(folder, 'broken'))
  broken.mount(wrong)
  const { child, ended, output } = broken.start()
  try {
    await eventually(async () => (await probe('livenessProbe', broken)) === 200)
    assert.equal(await probe('startupProbe', broken), 503, output())
  } finally {
    child.kill('SIGKILL')
    await ended
  }
})

test('the container serves every probe of the chart and writes no file', async () => {
  running = pod.start()
  await eventually(async () => (await probe('startupProbe')) === 200)
  assert.equal(await probe('readinessProbe'), 200)
  assert.equal(await probe('livenessProbe'), 200)
  assert.doesNotMatch(running.output(), /ERR_ACCESS_DENIED/)
})

test('the admin port responds at the path of the ServiceMonitor', async () => {
  const answer = await fetch(`http://127.0.0.1:${pod.port('admin')}/metrics`)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^# HELP /m)
})

test('while Redis is down the pod stays in the Service, and signed-in users continue', async () => {
  const browser = await signedInBrowser({ url: url() }, 'bob')
  assert.equal((await browser.fetch(`${url()}/lobby/`)).status, 200)
  await redis.crash()
  await eventually(async () => (await probe('startupProbe')) === 503)
  assert.equal(await probe('readinessProbe'), 200)
  assert.equal(await probe('livenessProbe'), 200)
  assert.equal((await browser.fetch(`${url()}/lobby/`)).status, 200)
  await redis.restart()
  await eventually(async () => (await probe('startupProbe')) === 200)
  assert.equal((await browser.fetch(`${url()}/lobby/`)).status, 200)
})

test('an upgrade with other projects reaches the running pod without a restart', async () => {
  const browser = await signedInBrowser({ url: url() }, 'bob')
  const renamed = KIT_PROJECTS.map((project) => ({ ...project, name: `${project.name}-renamed` }))
  const upgraded = await render('minimal', await values(PASSWORD, renamed))
  const template = 'spec.template'
  assert.deepEqual(at(upgraded.one('Deployment'), template), at(manifests.one('Deployment'), template))
  pod.mount(upgraded)
  await eventually(async () => {
    const { projects } = (await (await browser.fetch(`${url()}/auth/session`)).json()) as {
      projects: { name: string }[]
    }
    return projects.some(({ name }) => name === 'alpha-renamed')
  })
})

test('SIGTERM: a request in flight is completed, a stuck one is cut, and the pod exits before the kubelet kills it', async () => {
  const spec = at(manifests.one('Deployment'), 'spec.template.spec')
  const grace = Number(at(spec, 'terminationGracePeriodSeconds'))
  const preStop = Number(at(pod.container, 'lifecycle.preStop.sleep.seconds'))
  const answers = [0, 1].map(() =>
    fetch(`${url()}/open/hold`).then(
      (answer) => answer.text(),
      () => 'cut',
    ),
  )
  await eventually(() => held.length === 2)
  running.child.kill('SIGTERM')
  // preStop counts towards the grace period and ran before
  const kill = sleep((grace - preStop) * 1000, undefined, { ref: false }).then(() => running.child.kill('SIGKILL'))
  await eventually(() => running.output().includes('"draining"'))
  held[0]?.end('finished')
  assert.deepEqual((await Promise.all(answers)).toSorted(), ['cut', 'finished'])
  assert.deepEqual(await Promise.race([running.ended, kill]), { code: 0, signal: null }, running.output())
})
