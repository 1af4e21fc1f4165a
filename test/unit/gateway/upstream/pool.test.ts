import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { ask, openUpstream, startRaw } from './kit.ts'

const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'
const responding = (socket: Socket) => socket.on('data', () => socket.write(RESPONSE))

test('one connection carries one request after the other', async () => {
  let connections = 0
  const { server, origin } = await startRaw((socket, n) => {
    connections = n
    responding(socket)
  })
  const upstream = openUpstream(origin)
  for (let i = 0; i < 5; i++) assert.equal((await ask(upstream)).body, 'a')
  assert.equal(connections, 1)
  upstream.close()
  server.close()
})

test('more requests than connections wait their turn', async () => {
  let open = 0
  let most = 0
  const { server, origin } = await startRaw((socket) => {
    open += 1
    most = Math.max(most, open)
    responding(socket)
  })
  const upstream = openUpstream(origin, { maxConnections: 2 })
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask(upstream)))
  assert.ok(outcomes.every(({ body }) => body === 'a'))
  assert.equal(most, 2)
  upstream.close()
  server.close()
})

test('a request that gets no free connection in time fails with a timeout', async () => {
  const { server, origin } = await startRaw(() => {})
  const upstream = openUpstream(origin, { maxConnections: 1, connectMs: 40 })
  const first = ask(upstream)
  assert.equal((await ask(upstream)).reason, 'upstream-timeout')
  upstream.close()
  server.close()
  await Promise.race([first, Promise.resolve()])
})

/** A server that responds to the first request of each connection and closes without a response at the second. */
const closesAtSecond = (seen: string[]) => (socket: Socket) => {
  let requests = 0
  socket.on('data', (bytes) => {
    requests += 1
    seen.push(bytes.toString('latin1').split(' ')[0] as string)
    if (requests === 1) socket.write(RESPONSE)
    else socket.destroy()
  })
}

for (const [method, repeatable, seenTimes] of [
  ['GET', true, 2],
  ['DELETE', true, 2],
  ['PUT', false, 1],
  ['POST', true, 1],
  ['PATCH', true, 1],
] as const) {
  const what = repeatable ? 'without a body' : 'with a body'
  test(`${method} ${what} on a connection that turns out closed is sent ${seenTimes === 2 ? 'again' : 'once only'}`, async () => {
    const seen: string[] = []
    const { server, origin } = await startRaw(closesAtSecond(seen))
    const upstream = openUpstream(origin)
    await ask(upstream)
    const outcome = await ask(upstream, { method, repeatable })
    assert.equal(outcome.reason, seenTimes === 2 ? undefined : 'upstream-down')
    assert.equal(seen.filter((one) => one === method).length, method === 'GET' ? 3 : seenTimes)
    upstream.close()
    server.close()
  })
}

test('a request is not sent again once a byte of the response has arrived', async () => {
  let requests = 0
  const { server, origin } = await startRaw((socket) =>
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write(RESPONSE)
      else socket.end('H')
    }),
  )
  const upstream = openUpstream(origin)
  await ask(upstream)
  assert.equal((await ask(upstream)).reason, 'upstream-down')
  assert.equal(requests, 2)
  upstream.close()
  server.close()
})

test('a response without a request ends the connection and reaches no later request', async () => {
  const { server, origin } = await startRaw((socket, n) => {
    socket.on('data', () => {
      socket.write(RESPONSE)
      if (n === 1) setImmediate(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!'))
    })
  })
  const upstream = openUpstream(origin)
  await ask(upstream)
  await new Promise((done) => setTimeout(done, 20))
  assert.equal((await ask(upstream)).body, 'a')
  upstream.close()
  server.close()
})

test('an upstream that says how long it keeps a connection is believed, one second less', async () => {
  let connections = 0
  let now = 0
  const { server, origin } = await startRaw((socket, n) => {
    connections = n
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n'))
  })
  const upstream = openUpstream(origin, { idleMs: 60_000, clock: () => now })
  await ask(upstream)
  now = 900
  await ask(upstream)
  assert.equal(connections, 1)
  now = 2000
  await ask(upstream)
  assert.equal(connections, 2)
  upstream.close()
  server.close()
})

test('an upstream that does not respond in time is distinguished from one that is unreachable', async () => {
  const { server, origin } = await startRaw((socket) => socket.resume())
  const slow = openUpstream(origin, { idleMs: 40 })
  assert.equal((await ask(slow, { responseMs: 40 })).reason, 'upstream-timeout')
  slow.close()
  server.close()
  await once(server, 'close')
  const absent = openUpstream(origin)
  assert.equal((await ask(absent)).reason, 'upstream-down')
  absent.close()
})

test('a client that stops sending its body gets a timeout of its own, not one of the upstream', async () => {
  const { server, origin } = await startRaw(() => {})
  const upstream = openUpstream(origin, { bodyPace: { windowMs: 40, minBytesPerSecond: 0 } })
  const source = new PassThrough()
  source.write('half')
  const outcome = await ask(upstream, { method: 'POST', repeatable: false, body: { source, chunked: true } })
  assert.equal(outcome.reason, 'request-timeout')
  upstream.close()
  server.close()
})

test('a body is framed anew, chunk by chunk', async () => {
  let got = ''
  const { server, origin } = await startRaw((socket) =>
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1')
      if (got.endsWith('0\r\n\r\n')) socket.write(RESPONSE)
    }),
  )
  const upstream = openUpstream(origin)
  const source = new PassThrough()
  source.end('abc')
  await ask(upstream, { method: 'POST', repeatable: false, body: { source, chunked: true } })
  assert.equal(got, 'POST / HTTP/1.1\r\nHost: u\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
  upstream.close()
  server.close()
})

test('a response before the body was sent is passed on, and its connection is not used again', async () => {
  let connections = 0
  const { server, origin } = await startRaw((socket, n) => {
    connections = n
    responding(socket)
  })
  const upstream = openUpstream(origin)
  const source = new PassThrough()
  source.write('first part of many')
  const early = await ask(upstream, { method: 'POST', repeatable: false, body: { source, chunked: true } })
  assert.equal(early.body, 'a')
  await ask(upstream)
  assert.equal(connections, 2)
  upstream.close()
  server.close()
})

test('after a switch of protocols bytes pass as they are', async () => {
  const { server, origin } = await startRaw((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst'))
    socket.on('end', () => socket.end('last'))
  })
  server.on('connection', (socket) => {
    socket.allowHalfOpen = true
  })
  const upstream = openUpstream(origin)
  const outcome = await ask(upstream, { upgrade: true })
  assert.equal(outcome.status, 101)
  assert.match(outcome.body, /^first/)
  upstream.close()
  server.close()
})

test('a retired pool finishes what is in flight and waiting, still applies its timeouts, and keeps no connection', async () => {
  let held: Socket | undefined
  const gone: Promise<unknown>[] = []
  const { server, origin } = await startRaw((socket, n) => {
    gone.push(once(socket, 'close'))
    if (n === 1) responding(socket)
    else
      socket.on('data', () => {
        if (held !== undefined) socket.write(RESPONSE)
        else held = socket
      })
  })
  const upstream = openUpstream(origin, { maxConnections: 2 })
  await ask(upstream)
  const [first, second] = [ask(upstream), ask(upstream)]
  while (held === undefined) await new Promise((resolve) => setImmediate(resolve))
  const third = ask(upstream)
  await Promise.all([first, third])
  upstream.retire()
  held.write(RESPONSE)
  assert.equal((await second).body, 'a')
  await Promise.all(gone)
  // A request from before may still come: it is served, and its connection goes with it.
  assert.equal((await ask(upstream)).body, 'a')
  await Promise.all(gone)
  const silent = await startRaw(() => {})
  const other = openUpstream(silent.origin, { connectMs: 40 })
  other.retire()
  assert.equal((await ask(other, { responseMs: 20 })).reason, 'upstream-timeout')
  for (const each of [server, silent.server]) each.close()
})

test('what is under way is known while it waits, while it is carried, and no longer', async () => {
  const { server, origin } = await startRaw(responding)
  const upstream = openUpstream(origin, { maxConnections: 1 })
  const paths = () => [...upstream.calls()].map(({ exchange: { head } }) => head.slice(0, 6)).sort()
  const first = ask(upstream, { head: 'GET /1 HTTP/1.1\r\n\r\n' })
  void ask(upstream, { head: 'GET /2 HTTP/1.1\r\n\r\n' }) // aborted below: it receives nothing
  assert.deepEqual(paths(), ['GET /1', 'GET /2'])
  for (const call of upstream.calls()) if (call.exchange.head.startsWith('GET /2')) call.abort()
  assert.deepEqual(paths(), ['GET /1'])
  await first
  assert.deepEqual(paths(), [])
  upstream.close()
  server.close()
})
