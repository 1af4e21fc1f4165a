import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpRequest } from '../../src/shared/http-request.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** The release of MLflow is detected at the start and followed while the gateway runs. */

let kit: Kit
let mlflow: Server
let cookie: string
let release = '3.17.2'

before(async () => {
  mlflow = createServer((request, response) => {
    request.resume()
    const body = request.url === '/version' ? release : '{"experiment":{"experiment_id":"7"}}'
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => mlflow.once('listening', resolve))
  const upstream = `http://127.0.0.1:${(mlflow.address() as AddressInfo).port}`
  kit = await startKit({ routes: [{ name: 'tracking', app: 'mlflow', path: '/mlflow', access: 'project', upstream }] })
  cookie = (await signedInBrowser(kit, 'alice')).cookieHeader(new URL(kit.url))
})
after(async () => {
  await kit.close()
  mlflow.closeAllConnections()
  mlflow.close()
})

const skills = async () => {
  const headers = { cookie, accept: 'application/json', 'aoa-project-id': '11111111-1111-4111-8111-111111111111' }
  const url = `${kit.url}/mlflow/api/3.0/mlflow/skills`
  return (await httpRequest(url, { method: 'GET', headers, timeoutMs: 5000 })).status
}
const releases = () => kit.logged.filter(({ event }) => event === 'app-release')
/** A denied request does not wait for the release. */
async function told(count: number): Promise<void> {
  for (let i = 0; i < 100 && releases().length < count; i += 1) await sleep(20)
  assert.equal(releases().length, count)
}
const metric = async () => {
  const text = await kit.gateway.metrics.registry.metrics()
  return [...text.matchAll(/^modelops_gateway_app_release_known\{(.*)\} (\d)/gm)].map(([, labels, value]) => [
    labels,
    value,
  ])
}

test('the release is known before the first request, in the log and in the metrics', async () => {
  assert.deepEqual(await metric(), [['route="tracking",release="3.17.2",catalogue="3.17"', '1']])
  assert.deepEqual(
    releases().map(({ level, route, release: found, catalogue }) => [level, route, found, catalogue]),
    [['info', 'tracking', '3.17.2', '3.17']],
  )
  assert.equal(await skills(), 403)
})

test('an upgrade of MLflow is noticed within a minute', async () => {
  release = '3.18.0'
  assert.equal(await skills(), 403)
  kit.clock.ahead = 60_000
  await skills()
  await told(2)
  assert.deepEqual(await metric(), [['route="tracking",release="3.18.0",catalogue="3.18"', '1']])
  assert.notEqual(await skills(), 403)
})

test('a release that the gateway does not know gets the nearest catalogue, a warning and a metric', async () => {
  for (const [unknown, catalogue] of [
    ['3.25.1', '3.18'],
    ['2.9.0', '3.17'],
  ]) {
    release = String(unknown)
    kit.clock.ahead += 60_000
    await skills()
    await told(unknown === '3.25.1' ? 3 : 4)
    assert.deepEqual(await metric(), [[`route="tracking",release="${unknown}",catalogue="${catalogue}"`, '0']])
    const line = releases().at(-1)
    assert.deepEqual([line?.level, line?.release, line?.catalogue], ['warn', unknown, catalogue])
  }
  assert.equal(await skills(), 403)
  assert.equal(releases().length, 4)
})
