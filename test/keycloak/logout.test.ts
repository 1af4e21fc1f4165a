import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { Browser } from '../browser.ts'
import { type MovedClock, startGateway } from '../kit.ts'
import { RawClient } from '../path/kit.ts'
import { eventually } from '../redis-store.ts'
import { KeycloakAdmin } from './admin.ts'
import { type Realm, startRealm } from './realm.ts'

/** Sessions ended at a real Keycloak: its logout tokens, and the streams and sockets of those sessions. */
let keycloak: Realm
let admin: KeycloakAdmin
let gateway: RunningServer
let url: string
const clock: MovedClock = { ahead: 0 }
const logged: Record<string, unknown>[] = []

/** Starts an event stream over HTTP, and sends hello on a WebSocket. */
const upstream = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
}).on('upgrade', (_request, socket: Socket) => {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
})

before(async () => {
  const port = await freePort()
  url = `http://localhost:${port}`
  keycloak = await startRealm({ gatewayUrl: url })
  admin = new KeycloakAdmin(keycloak)
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  gateway = await startGateway({
    ...{ port, logged, clock, host: 'localhost', issuerUrl: keycloak.url },
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login' }],
  })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  upstream.closeAllConnections()
  upstream.close()
  await keycloak?.close()
})
beforeEach(async () => {
  clock.ahead = 0
  logged.length = 0
  await admin.signIn()
})

/** A signed-in browser with a stream and a WebSocket open. */
interface Tab {
  readonly browser: Browser
  /** The session at Keycloak. */
  readonly sid: string
  readonly open: readonly RawClient[]
}

async function openTab(username: string): Promise<Tab> {
  const [browser, before] = [new Browser(), await admin.sessionsOf(username)]
  const page = await signInAtKeycloak(browser, username)
  assert.equal(page.status, 200)
  const sid = (await admin.sessionsOf(username)).find((id) => !before.includes(id)) ?? ''
  const who = `Host: ${new URL(url).host}\r\nCookie: ${browser.cookieHeader(new URL(url))}\r\nOrigin: ${url}\r\n`
  const handshake =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const open = ['', handshake].map((more) => {
    const client = new RawClient(gateway.port)
    client.send(`GET /lobby/x HTTP/1.1\r\n${who}${more}\r\n`)
    return client
  })
  await Promise.all(open.map((client) => client.until((text) => text.includes('hello'))))
  return { browser, sid, open }
}

async function signInAtKeycloak(browser: Browser, username: string) {
  const form = await browser.open(`${url}/`)
  return await browser.submit(form, { username, password: `${username}-pw` })
}

const status = async ({ browser }: Tab) => (await browser.fetch(`${url}/auth/session`)).status
const isOpen = ({ open }: Tab) => open.every(({ closed }) => !closed)

async function assertEnded(tab: Tab): Promise<void> {
  await Promise.all(tab.open.map((client) => client.ended()))
  assert.equal(await status(tab), 401)
}

async function assertLives(tab: Tab): Promise<void> {
  assert.deepEqual([isOpen(tab), await status(tab)], [true, 200])
  for (const { socket } of tab.open) socket.destroy()
}

const logoutEvents = () => logged.filter(({ event }) => event === 'backchannel-logout')

test('one session ended at Keycloak ends that session alone, with its stream and its socket', async (t) => {
  const [mine, same, other] = [await openTab('bob'), await openTab('bob'), await openTab('carol')]
  const startedAt = performance.now()
  await admin.endSession(mine.sid)
  await assertEnded(mine)
  t.diagnostic(`cut ${Math.round(performance.now() - startedAt)} ms after the administrator’s request`)
  await assertLives(same)
  await assertLives(other)
  assert.deepEqual(
    logoutEvents().map(({ ended }) => ended),
    [1],
  )
})

test('a user signed out by an administrator of Keycloak loses every session, and other users keep theirs', async () => {
  const [first, second, other] = [await openTab('bob'), await openTab('bob'), await openTab('carol')]
  await admin.logOut('bob')
  await Promise.all([assertEnded(first), assertEnded(second)])
  await assertLives(other)
})

test('if the client does not require a sid, a logout token ends every session of the user', async (t) => {
  await admin.setClient('gateway', { 'backchannel.logout.session.required': 'false' })
  t.after(() => admin.setClient('gateway', { 'backchannel.logout.session.required': 'true' }))
  const [first, second, other] = [await openTab('bob'), await openTab('bob'), await openTab('carol')]
  await admin.endSession(first.sid)
  await Promise.all([assertEnded(first), assertEnded(second)])
  await assertLives(other)
})

test('signing out in the browser ends the session at Keycloak', async () => {
  const tab = await openTab('carol')
  const leaving = await tab.browser.submit(await tab.browser.open(`${url}/auth/logout`))
  const done = leaving.url.origin === url ? await tab.browser.submit(leaving) : leaving
  assert.equal(done.url.pathname, '/auth/signed-out')
  await assertEnded(tab)
  assert.ok(!(await admin.sessionsOf('carol')).includes(tab.sid))
})

test('a script that signs out revokes the refresh token, and the user’s other sessions continue', async () => {
  const [mine, same] = [await openTab('dave'), await openTab('dave')]
  const headers = { origin: url, accept: 'application/json' }
  const { status: logoutStatus } = await mine.browser.fetch(`${url}/auth/logout`, { method: 'POST', headers })
  assert.equal(logoutStatus, 200)
  await assertEnded(mine)
  await eventually(async () => !(await admin.sessionsOf('dave')).includes(mine.sid))
  clock.ahead = 301_000 // the access token has expired, so the next request refreshes it
  await assertLives(same)
  assert.ok(!logged.some(({ msg }) => msg === 'tokens could not be refreshed'))
})
