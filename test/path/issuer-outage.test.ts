import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { httpRequest } from '../../src/shared/http-request.ts'
import { signedInBrowser, startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'

/** An issuer that is stopped and started again: whoever is signed in goes on, nobody is sent to a dead host. */

let issuer: EmbeddedIssuer
let upstream: Recorder
let lenient: RunningServer
let strict: RunningServer
let port: number
const logged: Record<string, unknown>[] = []

const gatewayWith = async (server: Record<string, unknown>, lines: Record<string, unknown>[]) =>
  startGateway({
    port: await freePort(),
    issuerUrl: issuer.url,
    upstream: upstream.url,
    logged: lines,
    config: { server, issuer: { probeSeconds: 1 } },
  })

before(async () => {
  port = await freePort()
  issuer = await startIssuer({ port })
  upstream = await startRecorder()
  lenient = await gatewayWith({}, logged)
  strict = await gatewayWith({ readyNeedsIssuer: true }, [])
})
after(async () => {
  await Promise.all([lenient.close(), strict.close(), upstream.close()])
  await issuer.close().catch(() => {})
})

const urlOf = ({ port: at }: RunningServer) => `http://127.0.0.1:${at}`
const ask = (path: string, headers: Record<string, string> = {}, of = lenient) =>
  httpRequest(urlOf(of) + path, { method: 'GET', headers, timeoutMs: 8000 })
const readiness = async (of: RunningServer) => {
  const { status, text } = await ask('/readyz', {}, of)
  return [status, JSON.parse(text).status, JSON.parse(text).issuer]
}
const metric = async (of: RunningServer) =>
  Number(/^modelops_gateway_issuer_ready (\d)/m.exec(await of.metrics.registry.metrics())?.[1])
const events = () => logged.map(({ event }) => event).filter((event) => /^issuer-(up|down)$/.test(String(event)))

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await condition()) return
    await sleep(50)
  }
  assert.fail('the condition was not met within 10 s')
}

const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

test('an outage of the issuer is seen, sessions go on, nobody is sent to a dead host, and its end is seen', async () => {
  await until(async () => (await readiness(lenient))[1] === 'ready' && (await readiness(strict))[1] === 'ready')
  assert.deepEqual([await metric(lenient), await metric(strict)], [1, 1])
  const cookie = (await signedInBrowser({ url: urlOf(lenient) }, 'bob')).cookieHeader(new URL(urlOf(lenient)))
  await issuer.close()

  // A second after the last response the issuer is asked again, whether it counts as down or not.
  await sleep(1000)
  const first = await ask('/auth/login?return_to=%2Flobby%2Fa%3Fb%3D1&start=1', PAGE)
  assert.deepEqual([first.status, first.headers.location, first.headers['retry-after']], [503, undefined, '5'])

  await until(async () => (await metric(lenient)) === 0 && (await metric(strict)) === 0)
  assert.deepEqual(await readiness(lenient), [200, 'degraded', 'down'])
  assert.deepEqual(await readiness(strict), [503, 'not ready', 'down'])

  const page = await ask('/auth/login?return_to=%2Flobby%2Fa%3Fb%3D1&start=1', PAGE)
  assert.deepEqual([page.status, page.headers.location, page.headers['set-cookie']], [503, undefined, undefined])
  assert.match(page.text, /Sign-in is not possible right now\. Existing sessions continue\./)
  const retry = /id="retry" href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&')
  assert.equal(new URL(retry ?? '', urlOf(lenient)).searchParams.get('return_to'), '/lobby/a?b=1')
  const program = await ask('/auth/login', { accept: 'application/json' })
  assert.deepEqual([program.status, JSON.parse(program.text).reason], [503, 'issuer-down'])

  assert.equal((await ask('/lobby/', { cookie })).status, 200)
  assert.equal((await ask('/notes/', { cookie })).status, 200)
  assert.deepEqual(events(), ['issuer-down'])
  const line = logged.find(({ event }) => event === 'issuer-down')
  assert.match(String(line?.cause), /ECONNREFUSED/)
  assert.ok(Date.now() - Date.parse(String(line?.since)) < 30_000)

  issuer = await startIssuer({ port })
  await until(async () => (await metric(lenient)) === 1 && (await metric(strict)) === 1)
  assert.deepEqual([await readiness(lenient), await readiness(strict)], Array(2).fill([200, 'ready', 'ready']))
  assert.deepEqual(events(), ['issuer-down', 'issuer-up'])
  assert.equal(typeof logged.find(({ event }) => event === 'issuer-up')?.down_seconds, 'number')
  await signedInBrowser({ url: urlOf(lenient) }, 'alice')
})

test('a person who tries again after an outage is signed in at once, whenever the next probe is', async () => {
  await issuer.close()
  await until(async () => (await metric(lenient)) === 0)
  issuer = await startIssuer({ port })
  await sleep(1000) // not asked more often, whoever tries
  const login = await ask('/auth/login?start=1', PAGE)
  assert.equal(login.status, 303)
  assert.equal(new URL(login.headers.location ?? '').origin, issuer.url)
})

test('a gateway that starts while the issuer is down is not ready, whatever is configured, until it has responded', async () => {
  await issuer.close()
  const lines: Record<string, unknown>[] = []
  const late = await gatewayWith({}, lines)
  try {
    assert.deepEqual(await readiness(late), [503, 'not ready', 'down'])
    assert.equal(await metric(late), 0)
    await sleep(2000)
    assert.equal(lines.filter(({ level }) => level === 'warn').length, 1, 'one line for one fault')
    issuer = await startIssuer({ port })
    await until(async () => (await readiness(late))[1] === 'ready')
    assert.equal(await metric(late), 1)
  } finally {
    await late.close()
  }
})
