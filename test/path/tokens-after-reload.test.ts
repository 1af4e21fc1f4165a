import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import type { Config } from '../../src/gateway/config/schema.ts'
import { KIT_SECRET } from '../kit.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'
import { gitHubClaims } from '../workload-tokens.ts'
import { type PathKit, startPath } from './kit.ts'

/** Whatever is remembered of tokens belongs to the configuration that it was decided with. */

const AUDIENCE = 'https://gateway.example'
let kit: PathKit
let workloads: FakeIssuer
let received: IncomingMessage['headers'][] = []

before(async () => {
  workloads = await startFakeIssuer()
  kit = await startPath((request, response) => {
    received.push(request.headers)
    response.end('{}')
  })
})
after(() => Promise.all([kit.close(), workloads.close()]))
beforeEach(() => {
  received = []
})

/** The configuration of a reload: one route, and an issuer of workloads with one rule that names a project by its name. */
function next(projectId: string, route: Record<string, unknown>): Config {
  const rule = { name: 'train', claims: { repository_id: '74001' }, project: 'alpha', role: 'editor' }
  const workload = { url: workloads.url, audiences: [AUDIENCE], jwksUrl: `${workloads.url}/jwks`, rules: [rule] }
  const { id: clientId, secret: clientSecret } = GATEWAY_CLIENT
  const raw = {
    server: { listen: `127.0.0.1:${kit.gateway.port}`, publicUrl: kit.url, drainSeconds: 0 },
    issuer: { url: kit.issuer.url, clientId, clientSecret, audiences: ['gateway'], additional: [workload] },
    session: { secrets: [KIT_SECRET] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [{ id: projectId, name: 'alpha', groups: ['project-alpha'] }] },
    routes: [
      {
        ...{ name: 'p', app: 'generic', path: '/p', access: 'project', ...route },
        upstream: `http://127.0.0.1:${(kit.server.address() as AddressInfo).port}`,
      },
    ],
  }
  return parseConfig(JSON.stringify(raw), 'next.yaml', {})
}

async function reload(config: Config): Promise<void> {
  const prepared = await kit.gateway.prepare(config)
  await prepared.commit()
}

test('a rule over claims names the project that has its name now, also for a token that is remembered', async () => {
  const token = await workloads.sign(
    gitHubClaims({ iss: workloads.url, aud: AUDIENCE, now: Math.floor(Date.now() / 1000) }),
  )
  for (const id of [ALPHA, BETA]) {
    await reload(next(id, {}))
    const response = await fetch(`${kit.url}/p/x`, { headers: { authorization: `Bearer ${token}` } })
    assert.equal(response.status, 200, await response.text())
  }
  assert.deepEqual(
    received.map((headers) => headers['aoa-project-id']),
    [ALPHA, BETA],
  )
})

test('a token that the gateway itself accepts by issuer.resource or issuer.routeAudiences never reaches an upstream', async () => {
  const exchange = { authorization: 'exchanged-token', access: 'login' }
  const allowed = next(ALPHA, { ...exchange, tokenExchange: { audience: 'notes-api' } })
  await reload(allowed)
  assert.equal((await fetch(`${kit.url}/p/x`, { headers: { cookie: kit.cookie } })).status, 200)
  const byResource = { ...allowed, issuer: { ...allowed.issuer, resource: 'notes-api' } }
  const url = `${kit.url}/p`
  const byRoute = next(ALPHA, { ...exchange, tokenExchange: { audience: url } })
  for (const refused of [byResource, { ...byRoute, issuer: { ...byRoute.issuer, routeAudiences: true } }]) {
    received = []
    await reload(refused)
    const response = await fetch(`${kit.url}/p/x`, { headers: { cookie: kit.cookie } })
    assert.equal(((await response.json()) as { reason: string }).reason, 'exchange-invalid')
    assert.deepEqual(received, [])
  }
})
