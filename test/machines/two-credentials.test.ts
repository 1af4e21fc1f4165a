import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { type Kit, startKit } from '../kit.ts'

/** Python's requests and MLflow's own client, in front of an application that demands its own password. */
let kit: Kit
let upstream: Server
let python: string
/** Names of the headers with credentials that the application received, with their values. */
let received: string[] = []
const BASIC = `Basic ${btoa('carol:carols-password')}`
const CI_BASIC = `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`

before(async () => {
  python = join(await ensureMlflow(), 'bin', 'python')
  upstream = createServer((request, response) => {
    const { authorization, 'proxy-authorization': other } = request.headers
    received.push(`${authorization} ${other}`)
    response.statusCode = authorization === BASIC ? 200 : 401
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ experiments: [{ experiment_id: '7', name: request.url, lifecycle_stage: 'active' }] }),
    )
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  kit = await startKit({
    routes: [
      {
        ...{ name: 'legacy', app: 'generic', path: '/legacy', access: 'login', upstream: origin },
        ...{ basicCredentials: true, credentials: 'proxy-authorization' },
      },
    ],
  })
})
after(async () => {
  upstream?.close()
  await kit?.close()
})

async function run(script: string, env: Record<string, string> = {}): Promise<string> {
  received = []
  const all = { ...process.env, GATEWAY: kit.url, CREDENTIALS: CI_BASIC, ...env }
  const { stdout } = await promisify(execFile)(python, ['-c', script], { env: all, timeout: 100_000 })
  return stdout.trim()
}

test('requests: its own auth is the application’s, and a 407 names the other header', async () => {
  const script = `
import os, requests
url, own = os.environ["GATEWAY"] + "/legacy/", ("carol", "carols-password")
ours = {"Proxy-Authorization": os.environ["CREDENTIALS"]}
good = requests.get(url, auth=own, headers=ours)
other = requests.get(url, auth=("carol", "wrong"), headers=ours)
none = requests.get(url, auth=own)
print(good.status_code, other.status_code, none.status_code, none.headers["Proxy-Authenticate"])`
  assert.match(await run(script), /^200 401 407 Bearer resource_metadata="[^"]+\/legacy"$/)
  assert.equal(received.length, 2)
  assert.equal(received[0], `${BASIC} undefined`)
})

test('MLflow’s client: its user name and password are the application’s, and a header provider has the gateway’s', async () => {
  const script = `
import os, mlflow
from mlflow.tracking.request_header import registry
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider
class Gateway(RequestHeaderProvider):
    def in_context(self): return True
    def request_headers(self): return {"Proxy-Authorization": os.environ["CREDENTIALS"]}
registry._request_header_provider_registry.register(Gateway)
mlflow.set_tracking_uri(os.environ["GATEWAY"] + "/legacy")
print(mlflow.MlflowClient().search_experiments()[0].name)`
  const env = { MLFLOW_TRACKING_USERNAME: 'carol', MLFLOW_TRACKING_PASSWORD: 'carols-password' }
  assert.match(await run(script, env), /experiments\/search/)
  assert.ok(received.length > 0)
  assert.deepEqual([...new Set(received)], [`${BASIC} undefined`])
})
