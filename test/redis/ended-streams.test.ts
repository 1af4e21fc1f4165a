import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import type { Browser } from '../browser.ts'
import { signedInBrowser, startGateway } from '../kit.ts'
import { RawClient } from '../path/kit.ts'
import { eventually } from '../redis-store.ts'

/** A sign-out at one replica, and the streams of that session at others: one that is notified by Redis, one that is not. */
let redis: RedisServer
let issuer: EmbeddedIssuer
let first: RunningServer
let subscribed: RunningServer
let unsubscribed: RunningServer
/** Paths whose response was closed at the upstream. */
const closed = new Set<string>()

const upstream = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
  response.once('close', () => closed.add(request.url ?? ''))
})

before(async () => {
  const noChannels = ['--user', 'deaf', 'on', '>hunter2', '~*', 'resetchannels', '+@all']
  ;[redis, issuer] = await Promise.all([startRedis({ args: noChannels }), startIssuer()])
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const replica = async (user: string) =>
    startGateway({
      port: await freePort(),
      issuerUrl: issuer.url,
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      config: { session: { store: `redis://${user}127.0.0.1:${redis.port}`, cacheSeconds: 2 } },
      routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login' }],
    })
  first = await replica('')
  subscribed = await replica('')
  unsubscribed = await replica('deaf:hunter2@')
})
after(async () => {
  await Promise.all([first?.close(), subscribed?.close(), unsubscribed?.close()])
  upstream.closeAllConnections()
  upstream.close()
  await Promise.all([issuer?.close(), redis?.close()])
})

const urlOf = ({ port }: RunningServer) => `http://127.0.0.1:${port}`

/** Opens an event stream at a replica with the session of a browser that signed in at the first. */
async function stream(at: RunningServer, browser: Browser, path: string): Promise<RawClient> {
  const client = new RawClient(at.port)
  const cookie = browser.cookieHeader(new URL(urlOf(first)))
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${new URL(urlOf(at)).host}\r\nCookie: ${cookie}\r\n\r\n`)
  await client.until((text) => text.includes('data: hello'))
  return client
}

test('a sign-out at one replica cuts the streams at all others: at once when Redis notifies them, otherwise at the next re-authorization', async (t) => {
  const [bob, carol] = [
    await signedInBrowser({ url: urlOf(first) }, 'bob'),
    await signedInBrowser({ url: urlOf(first) }, 'carol'),
  ]
  const streams = [
    await stream(subscribed, bob, '/lobby/notified'),
    await stream(unsubscribed, bob, '/lobby/unnotified'),
  ]
  const other = await stream(unsubscribed, carol, '/lobby/carol')
  const startedAt = performance.now()
  const headers = { origin: urlOf(first), 'sec-fetch-site': 'same-origin' }
  const { status } = await bob.fetch(`${urlOf(first)}/auth/logout`, { method: 'POST', headers })
  assert.equal(status, 200)
  const cutAfter = async (client: RawClient) => {
    await client.ended()
    return Math.round(performance.now() - startedAt)
  }
  const [notified = 0, unnotified = 0] = await Promise.all(streams.map(cutAfter))
  t.diagnostic(`cut ${notified} ms after the sign-out with a notification, ${unnotified} ms without`)
  assert.ok(notified < unnotified)
  await eventually(() => closed.has('/lobby/notified') && closed.has('/lobby/unnotified'))
  assert.equal(other.closed, false)
  other.socket.destroy()
})
