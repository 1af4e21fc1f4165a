import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIssuer } from '../../infra/issuer/issuer.ts'
import { signedInBrowser } from '../kit.ts'
import { acceptWebSocket } from './accept-websocket.ts'
import { Served } from './served.ts'

/** Every way in which a client or an upstream can leave a socket half closed, and the descriptors that stay behind. */

const ATTEMPTS = 20
let directory: string
let issuer: Awaited<ReturnType<typeof startIssuer>>
let served: Served
let who: string
const options = { shouldUpgradeCallback: ({ url = '' }: IncomingMessage) => !url.includes('refused') }
const upstream = createServer(options, (request, response) => {
  request.resume()
  // Kept alive, as a framework that knows no WebSocket responds.
  response.writeHead(request.headers.upgrade ? 400 : 200, { 'Content-Length': 2 }).end('no')
})
const joined = new Set<Socket>()
upstream.on('upgrade', (request, socket: Socket) => {
  joined.add(socket)
  acceptWebSocket(request, socket, '')
  if (request.url?.includes('ends')) setTimeout(() => socket.end(), 50)
})

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'socket-ends-'))
  issuer = await startIssuer()
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const route = { name: 'app', app: 'generic', path: '/app', access: 'login', upstream: origin, webSockets: true }
  served = await Served.start(directory, issuer.url, { server: { drainSeconds: 1 }, routes: [route] })
  const cookie = (await signedInBrowser(served, 'bob')).cookieHeader(new URL(served.url))
  who = `Host: ${new URL(served.url).host}\r\nCookie: ${cookie}\r\nOrigin: ${served.url}\r\n`
})
after(async () => {
  served.child.kill('SIGKILL')
  for (const socket of joined) socket.destroy()
  upstream.closeAllConnections()
  upstream.close()
  await issuer.close()
  await rm(directory, { recursive: true })
})

const descriptors = () => readdirSync(`/proc/${served.child.pid}/fd`).length

const handshake = (path: string, identity = who) =>
  `GET ${path} HTTP/1.1\r\n${identity}Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** Sends bytes and waits for the beginning of a response. The client does not close by itself when the server ends. */
async function open(bytes: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(served.url).port), host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  socket.write(bytes)
  await once(socket, 'data')
  return socket
}

/** Waits until `done`, at most `ms`. */
async function within(ms: number, done: () => boolean): Promise<boolean> {
  const end = performance.now() + ms
  while (!done() && performance.now() < end) await sleep(50)
  return done()
}

type Leave = (socket: Socket) => Promise<void> | void
const readOn: Leave = (socket) => void socket.resume()
const silent: Leave = (socket) => void socket.pause()

const nobody = () => `Host: ${new URL(served.url).host}\r\nOrigin: ${served.url}\r\n`
const cases: [string, () => string, Leave][] = [
  [
    'an upgrade that the upstream refuses, and a further request on the connection',
    () => handshake('/app/refused'),
    async (socket) => {
      await sleep(250)
      socket.write(`GET /app/ HTTP/1.1\r\n${who}\r\n`)
      socket.resume()
      await Promise.race([once(socket, 'end'), sleep(3000)])
      socket.destroy()
    },
  ],
  ['an upgrade that the upstream refuses, and a client that never closes', () => handshake('/app/refused'), readOn],
  ['an upgrade that is denied, and a client that never closes', () => handshake('/app/', nobody()), readOn],
  ['an upgrade that is denied, and a client that reads nothing', () => handshake('/app/', nobody()), silent],
  ['a tunnel that the client ends half', () => handshake('/app/stays'), (socket) => void socket.resume().end()],
  ['a tunnel that the upstream ends, and a client that never closes', () => handshake('/app/ends'), readOn],
  [
    'a denial during a body',
    () => `POST /app/ HTTP/1.1\r\n${nobody()}Content-Length: 100000\r\n\r\nbegin`,
    (socket) => void socket.resume().end(),
  ],
]
for (const [name, bytes, leave] of cases) {
  test(`no descriptor stays behind after ${name}`, async () => {
    await sleep(200)
    const before = descriptors()
    const clients = await Promise.all(Array.from({ length: ATTEMPTS }, () => open(bytes())))
    await Promise.all(clients.map(leave))
    // Some connections to the upstream are kept for the next requests.
    const gone = await within(8000, () => descriptors() <= before + 2)
    assert.ok(gone, `${before} descriptors before, ${descriptors()} after`)
    for (const client of clients) client.destroy()
  })
}

test('SIGTERM ends the process within drainSeconds and 5 s, whatever its sockets do', async () => {
  const clients = await Promise.all([
    open(handshake('/app/stays')),
    open(handshake('/app/refused')),
    open(handshake('/app/', nobody())),
    open(`POST /app/ HTTP/1.1\r\n${nobody()}Content-Length: 100000\r\n\r\nbegin`),
  ])
  for (const client of clients) client.pause()
  const began = performance.now()
  assert.equal(await served.stop(), 0)
  const seconds = (performance.now() - began) / 1000
  assert.ok(seconds < 6, `${seconds} s`)
  for (const client of clients) client.destroy()
})
