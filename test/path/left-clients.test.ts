import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type PathKit, startPath } from './kit.ts'

/** A client that leaves before it is known who it is: nothing happens that the audit trail does not have. */
let kit: PathKit
const seen: string[] = []

before(async () => {
  kit = await startPath((request, response) => {
    seen.push(request.url ?? '')
    response.end('done')
  })
  kit.server.on('upgrade', (request, socket) => {
    seen.push(request.url ?? '')
    socket.destroy()
  })
})
after(() => kit?.close())

/** Sends a request, and resets the connection at once. */
async function sendAndLeave(requestLine: string, more: string): Promise<void> {
  const socket = connect(Number(new URL(kit.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const head = `${requestLine} HTTP/1.1\r\n${kit.who}Origin: ${kit.url}\r\n${more}\r\n`
  await new Promise((sent) => socket.write(head, sent))
  socket.resetAndDestroy()
}

const WEB_SOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

test('nothing is forwarded for a client that left while its session was refreshed', async () => {
  for (let n = 1; n <= 4; n += 1) {
    // The access token has expired: who is calling is known when the issuer has responded.
    kit.clock.ahead += 320_000
    if (n % 2 === 0) await sendAndLeave(`POST /p/left-${n}`, 'Content-Length: 0\r\n')
    else await sendAndLeave(`GET /p/left-${n}`, WEB_SOCKET)
    const headers = { cookie: kit.cookie, origin: kit.url }
    assert.equal((await fetch(`${kit.url}/p/stays-${n}`, { method: 'POST', headers })).status, 200)
  }
  const recorded = kit.logged.filter(({ event }) => event === 'allowed').map(({ path }) => path)
  assert.deepEqual(
    seen.filter((path) => !recorded.includes(path)),
    [],
  )
  assert.equal(seen.filter((path) => path.startsWith('/p/stays')).length, 4)
})
