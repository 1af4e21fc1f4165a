import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { startKit } from '../../../../kit.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../../../../otlp-receiver.ts'
import { type PathKit, RawClient, startPath } from '../../../../path/kit.ts'

/** WebSockets, forward auth, and responses that last. */

const FOREIGN = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

let receiver: OtlpReceiver
let kit: PathKit
let handshakes: NodeJS.Dict<string[]>[] = []
const streams: ServerResponse[] = []

before(async () => {
  receiver = await startOtlpReceiver()
  const tracing = { endpoint: receiver.url, sampleRatio: 1, exportIntervalMs: 100 }
  kit = await startPath((_request, response) => void streams.push(response), {
    config: { observability: { tracing }, server: { trustedProxies: ['127.0.0.1/32'] } },
    // `responseSeconds` of the kit's own route ends what waits.
    routes: [{ name: 'stream', app: 'generic', path: '/stream', access: 'login' }],
  })
  kit.server.on('upgrade', (request, socket: Socket) => {
    handshakes.push(request.headersDistinct)
    socket.on('error', () => {})
    if (request.url?.includes('refuse')) return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
  })
})
after(async () => {
  await kit.close()
  await receiver.close()
})

const handshake = (path: string, trace: string) =>
  `GET ${path} HTTP/1.1\r\n${kit.who}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${kit.url}\r\n${trace}\r\n`

const spansOf = (traceId: string, count: number) =>
  receiver.until((spans) => {
    const own = spans.filter((span) => span.traceId === traceId)
    return own.length === count ? own : undefined
  })

const traceIdOf = (traceparent: unknown) => String(traceparent).split('-')[1] ?? ''

for (const [path, status] of [
  ['/p/ws', 101],
  ['/p/refuse', 403],
] as const) {
  test(`a WebSocket handshake that ends with ${status} has one traceparent, and its spans end with it`, async () => {
    handshakes = []
    const traceId = `c${status}`.padStart(32, '0')
    const client = new RawClient(kit.gateway.port)
    client.send(handshake(path, `TraceParent: ${FOREIGN.replace(traceIdOf(FOREIGN), traceId)}\r\n`))
    await client.until((heard) => heard.includes(status === 101 ? 'hello' : 'no'))
    const parents = handshakes[0]?.traceparent ?? []
    assert.equal(parents.length, 1)
    const [parent = ''] = parents
    assert.equal(traceIdOf(parent), traceId)
    // The socket is still open.
    const spans = await spansOf(traceId, 4)
    const upstream = spans.find(({ kind }) => kind === 3)
    const server = spans.find(({ kind }) => kind === 2)
    assert.equal(parent.split('-')[2], upstream?.spanId)
    assert.equal(upstream?.parentSpanId, server?.spanId)
    for (const span of [upstream, server]) assert.equal(span?.attributes['http.response.status_code'], status)
    assert.deepEqual([upstream?.status, server?.status], status === 101 ? [0, 0] : [2, 0])
    client.socket.destroy()
  })
}

test('the span of a stream ends with the stream', async () => {
  streams.length = 0
  const traceparent = FOREIGN.replace('4bf9', 'd001')
  const client = new RawClient(kit.gateway.port)
  client.send(`GET /stream/a HTTP/1.1\r\n${kit.who}traceparent: ${traceparent}\r\n\r\n`)
  while (streams.length === 0) await turn()
  streams[0]?.write('first')
  await client.until((heard) => heard.includes('first'))
  // A later request is exported while the stream is open, and the stream's own spans are not.
  const later = FOREIGN.replace('4bf9', 'd003')
  await fetch(`${kit.url}/auth/session`, { headers: { cookie: kit.cookie, traceparent: later } })
  await spansOf(traceIdOf(later), 2)
  const kinds = () => receiver.spans().flatMap((span) => (span.traceId === traceIdOf(traceparent) ? span.kind : []))
  assert.deepEqual([...new Set(kinds())], [1])
  streams[0]?.end('last')
  const spans = await spansOf(traceIdOf(traceparent), 4)
  const server = spans.find(({ kind }) => kind === 2)
  assert.deepEqual([server?.attributes['http.response.body.size'], server?.status], [9, 0])
  assert.equal(server?.attributes['modelops.incomplete'], undefined)
  client.socket.destroy()
})

test('a client that leaves within a stream ends its span, as incomplete', async () => {
  streams.length = 0
  const client = new RawClient(kit.gateway.port)
  const traceparent = FOREIGN.replace('4bf9', 'd002')
  client.send(`GET /stream/a HTTP/1.1\r\n${kit.who}traceparent: ${traceparent}\r\n\r\n`)
  while (streams.length === 0) await turn()
  streams[0]?.write('part')
  await client.until((heard) => heard.includes('part'))
  client.socket.destroy()
  const spans = await spansOf(traceIdOf(traceparent), 4)
  assert.equal(spans.find(({ kind }) => kind === 2)?.attributes['modelops.incomplete'], true)
})

test('forward auth gives the proxy both headers, so that it overwrites what a client sent', async () => {
  const headers = {
    cookie: kit.cookie,
    traceparent: FOREIGN,
    'x-forwarded-method': 'GET',
    'x-forwarded-uri': '/p/a',
    'x-forwarded-host': new URL(kit.url).host,
  }
  const verdict = await fetch(`${kit.url}/auth/verify`, { headers })
  assert.equal(verdict.status, 200)
  assert.equal(traceIdOf(verdict.headers.get('traceparent')), traceIdOf(FOREIGN))
  assert.notEqual(verdict.headers.get('traceparent'), FOREIGN)
  assert.equal(verdict.headers.get('tracestate'), '')
  const own = (await spansOf(traceIdOf(FOREIGN), 3)).find(({ kind }) => kind === 2)
  assert.equal(own?.name, 'GET /auth/verify')
  assert.equal(verdict.headers.get('traceparent')?.split('-')[2], own?.spanId)
  const withState = await fetch(`${kit.url}/auth/verify`, { headers: { ...headers, tracestate: 'a=b' } })
  assert.equal(withState.headers.get('tracestate'), 'a=b')
})

test('while tracing is off, forward auth says nothing of a trace', async (t) => {
  const off = await startKit({
    config: { server: { trustedProxies: ['127.0.0.1/32'] } },
    routes: [{ name: 'open', app: 'generic', path: '/open', access: 'public' }],
  })
  t.after(() => off.close())
  const verdict = await fetch(`${off.url}/auth/verify`, {
    headers: {
      traceparent: FOREIGN,
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': '/open/a',
      'x-forwarded-host': new URL(off.url).host,
    },
  })
  assert.equal(verdict.status, 200)
  assert.equal(verdict.headers.get('traceparent'), null)
})
