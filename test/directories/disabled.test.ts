import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { KEYCLOAK_STARTS, type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { KeycloakAdmin } from '../keycloak/admin.ts'
import { type MovedClock, startGateway } from '../kit.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { openWays, startStreams, type Way } from './open-ways.ts'
import { Visitor } from './visitor.ts'

/** The settings of the guide, and a real Keycloak: from "disabled" until no request passes, by every way, in real time. */
const [GUIDE_YAML = ''] = codeBlocks(readFileSync('docs/guides/operate/disabled-users.md', 'utf8'), 'yaml')
const BOUND_MS = 60_000
const SERVICE_USER = 'service-account-training-alpha'
const BASIC = `Basic ${Buffer.from('training-alpha:training-secret').toString('base64')}`
const PATH = '/lobby'

let keycloak: Keycloak
let streams: Awaited<ReturnType<typeof startStreams>>
let gateway: RunningServer
let url: string
let metricsUrl: string
const logged: Record<string, unknown>[] = []
/** A second gateway with default settings, whose clock moves. */
let byDefault: RunningServer
let defaultUrl: string
const clock: MovedClock = { ahead: 0 }

before(async () => {
  const [port, adminPort, defaultPort] = [await freePort(), await freePort(), await freePort()]
  url = `http://localhost:${port}`
  defaultUrl = `http://localhost:${defaultPort}`
  metricsUrl = `http://127.0.0.1:${adminPort}/metrics`
  keycloak = await startKeycloak({
    gatewayUrl: url,
    realms: ['infra/keycloak/directories/disabled-users-realm.json'],
    env: { GATEWAY_ORIGIN: url, GATEWAY_CLIENT_SECRET: 'gateway-secret', TRAINING_CLIENT_SECRET: 'training-secret' },
  })
  streams = await startStreams()
  const guide = parse(GUIDE_YAML) as Record<string, Record<string, unknown>>
  const issuer = { clientSecret: 'gateway-secret', groups: { claim: 'groups', normalize: 'keycloak-path' } }
  const common = {
    ...{ issuerUrl: keycloak.url, upstream: streams.url, host: 'localhost' },
    routes: [{ name: 'lobby', app: 'generic', path: PATH, access: 'member', webSockets: true, basicCredentials: true }],
  }
  gateway = await startGateway({
    ...{ ...common, port, logged },
    config: { ...guide, server: { adminListen: `127.0.0.1:${adminPort}` }, issuer: { ...issuer, ...guide.issuer } },
  })
  byDefault = await startGateway({ ...{ ...common, port: defaultPort, clock }, config: { issuer } })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  await byDefault?.close()
  streams?.close()
  await keycloak?.close()
})

const signIn = (username: string) => Visitor.signIn({ url, issuerUrl: keycloak.url }, username)

async function admin(): Promise<KeycloakAdmin> {
  const signedIn = new KeycloakAdmin(keycloak)
  await signedIn.signIn()
  return signedIn
}

/** Requests of the gateway to Keycloak so far, by what they were for. */
async function issuerRequests(): Promise<Map<string, number>> {
  const text = await (await fetch(metricsUrl)).text()
  const counts = text.matchAll(/issuer_request_duration_seconds_count\{operation="([^"]+)"[^}]*\} (\d+)/g)
  return new Map([...counts].map(([, operation = '', count]) => [operation, Number(count)]))
}

/** Milliseconds until each way is closed. @throws AssertionError if one is still open after the bound */
async function untilClosed(ways: readonly Way[], startedAt: number): Promise<Map<string, number>> {
  const closed = new Map<string, number>()
  while (closed.size < ways.length) {
    for (const way of ways.filter(({ name }) => !closed.has(name))) {
      if (!(await way.isOpen())) closed.set(way.name, performance.now() - startedAt)
    }
    const open = ways.filter(({ name }) => !closed.has(name)).map(({ name }) => name)
    assert.ok(performance.now() - startedAt < BOUND_MS, `open after ${BOUND_MS / 1000} s: ${open.join('; ')}`)
    await sleep(250)
  }
  return closed
}

test('with the settings of the guide, a disabled user is out within 60 s by every way', async (t) => {
  const [bob, carol] = [await signIn('bob'), await signIn('carol')]
  const ways = [
    ...(await openWays(url, PATH, 'session', { cookie: bob.cookies() })),
    ...(await openWays(url, PATH, 'bearer JWT', { authorization: `Bearer ${await bob.accessToken()}` })),
    ...(await openWays(url, PATH, 'Basic credentials', { authorization: BASIC })),
  ]
  for (const way of ways) assert.ok(await way.isOpen(), way.name)
  const others = await openWays(url, PATH, 'another user', { cookie: carol.cookies() })
  const before = await issuerRequests()
  const admins = await admin()
  const startedAt = performance.now()
  await Promise.all([admins.disable('bob'), admins.disable(SERVICE_USER)])
  const closed = await untilClosed(ways, startedAt)
  for (const [name, ms] of closed) t.diagnostic(`${name}: ${(ms / 1000).toFixed(1)} s`)
  for (const way of others) {
    assert.ok(await way.isOpen(), way.name)
    way.close()
  }
  const after = await issuerRequests()
  const seconds = (performance.now() - startedAt) / 1000
  for (const [operation, count] of after)
    t.diagnostic(
      `requests to Keycloak in ${seconds.toFixed(0)} s: ${operation} ${count - (before.get(operation) ?? 0)}`,
    )
  assert.ok(
    !logged.some(({ event }) => event === 'backchannel-logout'),
    'Keycloak sends no logout token for a disabled user',
  )
})

test('with the settings of the guide, one session causes at most 144 refreshes an hour', async (t) => {
  const carol = await signIn('carol')
  const refreshes = async () => (await issuerRequests()).get('refresh') ?? 0
  const [before, startedAt] = [await refreshes(), performance.now()]
  while ((await refreshes()) < before + 2) {
    assert.equal(await carol.request(`${PATH}/x`), 200)
    await sleep(500)
  }
  const secondsEach = (performance.now() - startedAt) / 1000 / 2
  t.diagnostic(`a refresh every ${secondsEach.toFixed(1)} s: ${Math.round(3600 / secondsEach)} an hour`)
  assert.ok(secondsEach > 24, String(secondsEach))
})

test('by default, a bearer JWT of a disabled user is accepted until it expires', async () => {
  const dave = await signIn('dave')
  const authorization = `Bearer ${await dave.accessToken()}`
  const status = async () => (await fetch(`${defaultUrl}${PATH}/x`, { headers: { authorization } })).status
  assert.equal(await status(), 200)
  await (await admin()).disable('dave')
  clock.ahead = 350_000 // 300 s, and the tolerance of 60 s for clocks
  assert.equal(await status(), 200)
  clock.ahead = 361_000
  assert.equal(await status(), 401)
})

test('a user whose session is deleted at Keycloak is out at once, disabled or not', async (t) => {
  const carol = await signIn('carol')
  const ways = await openWays(url, PATH, 'session', { cookie: carol.cookies() })
  const admins = await admin()
  const startedAt = performance.now()
  await admins.logOut('carol')
  for (const [name, ms] of await untilClosed(ways, startedAt)) t.diagnostic(`${name}: ${(ms / 1000).toFixed(2)} s`)
})
