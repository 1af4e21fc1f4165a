import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose'
import { parse } from 'yaml'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { Browser } from '../browser.ts'
import { startGateway } from '../kit.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { local, runKcadm } from './guide.ts'
import { type Realm, startRealm } from './realm.ts'

/** Keycloak's standard token exchange, set up by the commands of the guide, and an upstream that verifies its audience. */
const GUIDE = readFileSync('docs/guides/applications/upstream-tokens.md', 'utf8')
const AUDIENCE = 'notes-api'

let keycloak: Realm
let gateway: RunningServer
let upstream: Server
let url: string
let folder: string
/** Tokens that the upstream received, and their claims where it accepted them. */
const received: { readonly token: string; readonly claims: JWTPayload | undefined }[] = []
const logged: Record<string, unknown>[] = []

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'token-exchange-'))
  const port = await freePort()
  url = `http://localhost:${port}`
  keycloak = await startRealm({ gatewayUrl: url })
  const steps = codeBlocks(GUIDE.slice(0, GUIDE.indexOf('\n## 3. ')), 'sh').join('\n')
  await runKcadm(keycloak, folder, local(steps, keycloak, url).replaceAll('-r modelops', `-r ${keycloak.name}`))
  upstream = await startVerifyingUpstream()
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const [route] = parse(codeBlocks(GUIDE, 'yaml')[0] ?? '').routes
  gateway = await startGateway({
    ...{ port, issuerUrl: keycloak.url, upstream: origin, host: 'localhost', logged },
    config: { access: { serviceUsers: ['ci-service'] } },
    routes: [
      { ...route, upstream: origin, basicCredentials: true },
      { ...route, upstream: origin, name: 'unknown', path: '/unknown', tokenExchange: { audience: 'nobody' } },
      {
        ...route,
        upstream: origin,
        name: 'scope',
        path: '/scope',
        tokenExchange: { audience: AUDIENCE, scopes: ['invented'] },
      },
      { ...route, upstream: origin, name: 'default', path: '/default', tokenExchange: { audience: AUDIENCE } },
    ],
  })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  upstream?.close()
  await keycloak?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  received.length = 0
  logged.length = 0
})

/** An application as the guide demands it: signature, issuer, expiry and its own audience. */
async function startVerifyingUpstream(): Promise<Server> {
  const keys = createRemoteJWKSet(new URL(`${keycloak.url}/protocol/openid-connect/certs`))
  const server = createServer(async (request, response) => {
    const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
    const verified = await jwtVerify(token, keys, { issuer: keycloak.url, audience: AUDIENCE }).catch(() => undefined)
    received.push({ token, claims: verified?.payload })
    response.statusCode = verified === undefined ? 401 : 200
    response.end(String(verified?.payload.preferred_username))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function grant(form: Record<string, string>): Promise<string> {
  const endpoint = `${keycloak.url}/protocol/openid-connect/token`
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return (JSON.parse(text) as { access_token: string }).access_token
}

const person = (username: string) =>
  grant({ grant_type: 'password', client_id: 'cli', scope: 'openid', username, password: `${username}-pw` })

async function get(path: string, authorization: string) {
  const response = await fetch(url + path, { headers: { authorization } })
  return { status: response.status, text: await response.text() }
}

test('a session: the upstream gets a token for its own audience alone, once per user', async () => {
  for (const username of ['bob', 'alice', 'bob']) {
    const browser = new Browser()
    await browser.submit(await browser.open(`${url}/`), { username, password: `${username}-pw` })
    for (const _ of [1, 2]) {
      const response = await browser.fetch(`${url}/notes/x`)
      assert.deepEqual([response.status, await response.text()], [200, username])
    }
  }
  assert.deepEqual([...new Set(received.map(({ claims }) => claims?.aud))], [AUDIENCE])
  // Three sessions, and one exchange for each.
  assert.equal(new Set(received.map(({ token }) => token)).size, 3)
})

test('a bearer token is exchanged, never forwarded, and the result is of no use at the gateway', async () => {
  const own = await person('bob')
  assert.deepEqual(await get('/notes/x', `Bearer ${own}`), { status: 200, text: 'bob' })
  const [{ token, claims } = { token: '', claims: undefined }] = received
  assert.notEqual(token, own)
  assert.deepEqual([claims?.sub, claims?.azp], [decodeJwt(own).sub, 'gateway'])
  assert.equal((await get('/notes/x', `Bearer ${token}`)).status, 401)
})

test('Basic credentials: the token represents the client', async () => {
  const { status, text } = await get('/notes/x', `Basic ${btoa('ci-service:ci-service-secret')}`)
  assert.deepEqual([status, text], [200, 'service-account-ci-service'])
})

for (const path of ['/unknown', '/scope', '/default']) {
  test(`an exchange that Keycloak refuses is a 403 with its words in the log, and nothing is forwarded: ${path}`, async () => {
    const own = await person('bob')
    const { status, text } = await get(`${path}/x`, `Bearer ${own}`)
    assert.deepEqual([status, JSON.parse(text).reason], [403, 'exchange-refused'], JSON.stringify(logged.at(-1)))
    assert.deepEqual(received, [])
    const { detail } = logged.findLast(({ event }) => event === 'refused') ?? {}
    assert.match(String(detail), /the issuer said 400 [a-z_]+ \(.+\)\. .+; see docs/)
    assert.ok(!JSON.stringify(logged).includes(own.slice(-40)))
  })
}

test('a caller whose session at Keycloak has ended gets no token', async () => {
  const own = await person('bob')
  await fetch(`${keycloak.url}/protocol/openid-connect/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'cli', token: own }),
  })
  const { status, text } = await get('/notes/x', `Bearer ${own}`)
  assert.deepEqual([status, JSON.parse(text).reason], [403, 'exchange-refused'])
})
