import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { ALPHA } from '../../infra/issuer/users.ts'
import { signedInBrowser } from '../kit.ts'
import { acceptWebSocket } from './accept-websocket.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'

/** WebSockets: one decision, one header writer, and no socket that outlives its session. */

let kit: PathKit
let raw: string[] = []
let sockets: Socket[] = []

before(async () => {
  kit = await startPath((_request, response) => response.end('no upgrade'))
  kit.server.on('upgrade', (request, socket: Socket, early) => {
    raw = request.rawHeaders
    sockets.push(socket)
    socket.on('error', () => {})
    if (request.url?.includes('refuse')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
      return
    }
    acceptWebSocket(request, socket, `hello${early}`)
    socket.pipe(socket)
  })
})
after(() => kit.close())
beforeEach(() => {
  sockets = []
})

const handshake = (path: string, who: string, more = `Origin: ${kit.url}\r\n`) =>
  `GET ${path} HTTP/1.1\r\n${who}Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`

const open = async (path: string, who = kit.who) => {
  const client = new RawClient(kit.gateway.port)
  client.send(handshake(path, who))
  await client.until((heard) => heard.includes('hello'))
  return client
}
const valuesOf = (name: string) => raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name)

test('both sides talk, and the first bytes of either are not lost', async () => {
  const client = new RawClient(kit.gateway.port)
  client.send(`${handshake('/p/ws', kit.who)}early`)
  const heard = await client.until((text) => text.endsWith('helloearly'))
  assert.match(heard, /^HTTP\/1\.1 101 Switching Protocols\r\n/)
  assert.match(heard, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
  client.send('more')
  await client.until((text) => text.endsWith('helloearlymore'))
  client.socket.destroy()
})

test('the upstream gets the same headers as with any request', async () => {
  const client = await open('/p/ws')
  assert.deepEqual(valuesOf('aoa-project-id'), [ALPHA])
  assert.deepEqual(valuesOf('x-forwarded-user'), ['bob'])
  assert.equal(valuesOf('x-gateway-assertion').length, 1)
  assert.doesNotMatch(valuesOf('cookie').join(), /modelops_gateway/)
  assert.deepEqual(valuesOf('connection'), ['Upgrade'])
  client.socket.destroy()
})

test('a side that closes closes the other', async () => {
  const client = await open('/p/ws')
  const gone = new Promise((resolve) => sockets[0]?.once('close', resolve))
  client.socket.destroy()
  await gone
  const other = await open('/p/ws')
  sockets.at(-1)?.destroy()
  await other.ended()
})

test('an upstream that refuses the handshake is heard as it speaks', async () => {
  const client = new RawClient(kit.gateway.port)
  client.send(handshake('/p/refuse', kit.who))
  assert.match(await client.ended(), /^HTTP\/1\.1 403 [\s\S]*\r\n\r\nno$/)
})

test('a session that ends closes its sockets at once, and no others', async () => {
  const browser = await signedInBrowser(kit, 'bob')
  const who = `Host: ${new URL(kit.url).host}\r\nCookie: ${browser.cookieHeader(new URL(kit.url))}\r\n`
  const [mine, others] = [await open('/p/ws', who), await open('/p/ws')]
  const answer = await browser.fetch(`${kit.url}/auth/logout`, {
    method: 'POST',
    headers: { origin: kit.url, 'sec-fetch-site': 'same-origin' },
  })
  assert.ok(answer.status < 400, `logout answered ${answer.status}`)
  await mine.ended()
  others.send('still')
  await others.until((heard) => heard.endsWith('still'))
  others.socket.destroy()
})
