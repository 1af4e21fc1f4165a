import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { UpstreamOptions } from '../../../../src/gateway/upstream/options.ts'
import { ask, openUpstream, startRaw } from './kit.ts'

/**
 * A request that reaches a closing connection is lost, and a POST cannot be sent again. The attack: one project provokes
 * responses after which the upstream closes the connection, and requests of other projects fail on it.
 */

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'
const POST = { method: 'POST', repeatable: false } as const

async function serving(
  t: TestContext,
  onRequest: (socket: Socket, text: string) => void,
  more?: Partial<UpstreamOptions>,
) {
  let connections = 0
  const { server, origin } = await startRaw((socket, n) => {
    connections = n
    socket.on('data', (bytes) => onRequest(socket, bytes.toString('latin1')))
  })
  const upstream = openUpstream(origin, more)
  t.after(() => {
    upstream.close()
    server.close()
  })
  return { upstream, connections: () => connections }
}

/** As uvicorn after an application has failed: 500 without `Connection: close`, then no request is read, then closed. */
function likeUvicorn(socket: Socket, text: string): void {
  if (!text.startsWith('GET /fails')) socket.write(OK)
  else {
    socket.write('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 21\r\n\r\nInternal Server Error')
    socket.removeAllListeners('data').pause()
    setTimeout(() => socket.destroy(), 1)
  }
}

test('a server that closes after a 500 makes no POST of another client fail', async (t) => {
  const { upstream } = await serving(t, likeUvicorn, { maxConnections: 8 })
  let attacking = true
  const attack = async () => {
    while (attacking) {
      await ask(upstream, { head: 'GET /fails HTTP/1.1\r\n\r\n' })
      await turn()
    }
  }
  const attackers = [attack(), attack(), attack()]
  const outcomes = new Map<number | string | undefined, number>()
  for (let i = 0; i < 300; i += 1) {
    const { status, reason } = await ask(upstream, POST)
    outcomes.set(status ?? reason, (outcomes.get(status ?? reason) ?? 0) + 1)
    await turn()
  }
  attacking = false
  await Promise.all(attackers)
  assert.deepEqual([...outcomes], [[200, 300]])
})

const closing: [string, string][] = [
  ['500', 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n'],
  ['503', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'],
  ['501 in chunks', 'HTTP/1.1 501 Not Implemented\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
  ['Connection: Keep-Alive, Close', 'HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 0\r\n\r\n'],
]
for (const [what, response] of closing) {
  test(`after ${what} a connection is not used again, although the upstream left it open`, async (t) => {
    const { upstream, connections } = await serving(t, (socket) => socket.write(response))
    for (let i = 0; i < 3; i += 1) await ask(upstream)
    assert.equal(connections(), 3)
  })
}

test('after a refusal by the application, 404 for one, a connection is used again', async (t) => {
  const { upstream, connections } = await serving(t, (socket) =>
    socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  )
  for (let i = 0; i < 3; i += 1) await ask(upstream)
  assert.equal(connections(), 1)
})

test('a response before a long request was read ends its connection', async (t) => {
  const { upstream, connections } = await serving(t, (socket) => {
    socket.pause()
    socket.write(OK)
  })
  const early = await ask(upstream, { ...POST, head: `POST / HTTP/1.1\r\n\r\n${'x'.repeat(16_000_000)}` })
  assert.equal(early.status, 200)
  await ask(upstream, POST)
  assert.equal(connections(), 2)
})

for (const afterMs of [0, 1, 20]) {
  test(`a POST is not sent on a connection that the upstream closed ${afterMs} ms after its last response`, async (t) => {
    const seen: string[] = []
    const { upstream } = await serving(
      t,
      (socket, text) => {
        seen.push(text.slice(0, 4))
        socket.write(OK)
        if (afterMs === 0) socket.end()
        else setTimeout(() => socket.end(), afterMs)
      },
      { maxConnections: 1 },
    )
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await ask(upstream, POST)).status, 200)
      if (afterMs > 0) await sleep(afterMs * 2)
    }
    assert.equal(seen.length, 20)
  })
}

test('a POST that waited for the connection that the upstream then closes is sent on another, once', async (t) => {
  let posts = 0
  const { upstream, connections } = await serving(
    t,
    (socket, text) => {
      if (text.startsWith('POST')) posts += 1
      socket.end(OK)
    },
    { maxConnections: 1 },
  )
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => ask(upstream, POST)))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    Array(10).fill(200),
  )
  assert.deepEqual([posts, connections()], [10, 10])
})

test('a POST that is cancelled before it was written is never sent', async (t) => {
  let posts = 0
  const { upstream } = await serving(t, (socket, text) => {
    if (text.startsWith('POST')) posts += 1
    socket.write(OK)
  })
  await ask(upstream)
  void ask(upstream, POST)
  for (const call of upstream.calls()) call.abort()
  await sleep(20)
  assert.equal(posts, 0)
  assert.equal((await ask(upstream, POST)).status, 200)
})
