import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALPHA } from '../../infra/issuer/users.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'

/**
 * A body that drips is ended with 408, wherever it goes: to an application, to the gateway itself, or nowhere. A slow but
 * honest one is not, and neither is one whose upstream is slow.
 */

const LIMITS = { bodyIdleSeconds: 2, bodyBytesPerSecond: 500 }
/** Longest time until a drip has its response: two windows, and the sweeps after them. */
const ENDED_MS = 9000

let kit: PathKit
let unlimited: PathKit
let adminPort: number
/** Bytes that the upstream has received, by path. */
const received = new Map<string, number>()

/** Counts the body; below /late it reads nothing for four seconds. */
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? ''
  if (path.endsWith('/late')) await sleep(4000)
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    received.set(path, bytes)
  })
  request.on('error', () => {})
  request.on('end', () => response.end(`received ${bytes}`))
}

before(async () => {
  adminPort = await freePort()
  const mlflow = { tenancy: 'instance', instances: {} as Record<string, string> }
  const probe = await startPath((request, response) => void handle(request, response), {
    config: { limits: { bodyIdleSeconds: 2, bodyBytesPerSecond: 0 } },
  })
  unlimited = probe
  mlflow.instances[ALPHA] = `http://127.0.0.1:${portOf(probe.server)}`
  kit = await startPath((request, response) => void handle(request, response), {
    config: { limits: LIMITS, server: { adminListen: `127.0.0.1:${adminPort}`, adminTokenHash: 'a'.repeat(64) } },
    routes: [
      { name: 'counted', app: 'generic', path: '/counted', access: 'login' },
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', mlflow },
    ],
  })
})
after(() => Promise.all([kit.close(), unlimited.close()]))

const portOf = (server: PathKit['server']) => Reflect.get(Object(server.address()), 'port') as number
const post = (path: string, framing: string, more = kit.who) => `POST ${path} HTTP/1.1\r\n${more}${framing}\r\n\r\n`
const LENGTH = 'Content-Length: 1000000'
const CHUNKED = 'Transfer-Encoding: chunked'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** Sends a piece again and again until the connection has ended. */
async function drip(client: RawClient, piece: string, everyMs = 50): Promise<void> {
  while (!client.closed && !client.socket.destroyed) {
    client.send(piece)
    await sleep(everyMs)
  }
}

/** The response to a body that drips, and that its connection ends. */
async function ended(head: string, piece: string, { first = '', port = kit.gateway.port, withinMs = ENDED_MS } = {}) {
  const client = new RawClient(port)
  const startedAt = performance.now()
  client.send(head + first)
  const dripping = piece === '' ? undefined : drip(client, piece)
  const heard = await client.until((text) => text.includes('\r\n\r\n'))
  const tookMs = performance.now() - startedAt
  assert.ok(tookMs < withinMs, `the response came after ${Math.round(tookMs)} ms`)
  await client.ended()
  await dripping
  return heard
}

describe('a body that is too slow', { concurrency: true }, () => {
  const toApplications: [string, string, string, string?][] = [
    ['drips', LENGTH, 'x'],
    ['drips in chunks', CHUNKED, chunk('x')],
    ['drips within one chunk', CHUNKED, 'x', 'fffff\r\n'],
    ['drips extensions of a chunk', CHUNKED, 'x', '1;'],
    ['begins with a burst and drips', LENGTH, 'x', 'x'.repeat(20_000)],
    ['begins with a burst and drips in chunks', CHUNKED, chunk('x'), chunk('x'.repeat(20_000))],
    ['begins with a burst and stops', LENGTH, '', 'x'.repeat(20_000)],
    ['stops within a chunk', CHUNKED, '', 'fffff\r\nxxx'],
  ]
  for (const [name, framing, piece, first = ''] of toApplications) {
    test(`to an application, which ${name}, gets 408 and its connection ends`, async () => {
      const heard = await ended(post(`/p/${encodeURIComponent(name)}`, framing), piece, { first })
      assert.match(heard, /^HTTP\/1\.1 (408|413) /)
      if (!name.includes('extensions')) assert.match(heard, /^HTTP\/1\.1 408 [\s\S]*"reason":"request-timeout"/)
      assert.match(heard, /\r\nConnection: close\r\n/i)
    })
  }

  test('that the gateway reads itself, for MLflow, gets 408 in the words of MLflow', async () => {
    for (const [framing, piece] of [
      [LENGTH.replace('1000000', '10000'), ' '],
      [CHUNKED, chunk(' ')],
    ] as const) {
      const head = post(`/mlflow/${ALPHA}/api/2.0/mlflow/runs/create`, `Content-Type: application/json\r\n${framing}`)
      const heard = await ended(head, piece)
      assert.match(heard, /^HTTP\/1\.1 408 [\s\S]*"error_code"[\s\S]*"reason":"request-timeout"/)
      assert.match(heard, /\r\nConnection: close\r\n/i)
    }
  })

  test('to an endpoint of the gateway gets 408', async () => {
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const heard = await ended(post('/auth/backchannel-logout', `${type}\r\nContent-Length: 5000`), 'x')
    assert.match(heard, /^HTTP\/1\.1 408 [\s\S]*"request-timeout"/)
  })

  const host = () => `Host: ${new URL(kit.url).host}\r\n`
  const question = () =>
    `${host()}X-Forwarded-Method: POST\r\nX-Forwarded-Uri: /p/x\r\nX-Forwarded-Host: ${new URL(kit.url).host}\r\n`
  const WEBSOCKET =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const nowhere: [string, () => string, RegExp][] = [
    ['of nobody', () => post('/p/x', LENGTH, host()), /^HTTP\/1\.1 401 /],
    ['to a path without route', () => post('/nothing', LENGTH), /^HTTP\/1\.1 404 /],
    ['of a question of forward auth', () => post('/auth/verify', LENGTH, question()), /^HTTP\/1\.1 \d+ /],
    ['of a health check', () => post('/healthz', CHUNKED), /^HTTP\/1\.1 200 /],
    [
      'of a WebSocket handshake',
      () => `GET /p/x HTTP/1.1\r\n${kit.who}${WEBSOCKET}${LENGTH}\r\n\r\n`,
      /^HTTP\/1\.1 \d+ /,
    ],
  ]
  for (const [name, head, status] of nowhere) {
    test(`that nobody reads, ${name}, gets its response at once and its connection ends`, async () => {
      assert.match(await ended(head(), 'x', { withinMs: 3000 }), status)
    })
  }

  test('to the admin listener gets its response at once and its connection ends', async () => {
    for (const [method, path] of [
      ['POST', '/metrics'],
      ['DELETE', '/sessions?all=true'],
      ['GET', '/metrics'],
    ]) {
      const head = `${method} ${path} HTTP/1.1\r\nHost: admin\r\n${LENGTH}\r\n\r\n`
      assert.match(await ended(head, 'x', { port: adminPort, withinMs: 3000 }), /^HTTP\/1\.1 (200|401|404) /)
    }
  })

  test('is not too slow where no rate is configured', async () => {
    const client = new RawClient(unlimited.gateway.port)
    client.send(`POST /p/unlimited HTTP/1.1\r\n${unlimited.who}${CHUNKED}\r\n\r\n`)
    const dripping = drip(client, chunk('x'))
    await sleep(7000)
    assert.equal(client.heard, '')
    client.socket.destroy()
    await dripping
  })
})

describe('a body that is slow and honest', { concurrency: true }, () => {
  const PIECE = 'x'.repeat(1000)

  async function upload(path: string, port = kit.gateway.port): Promise<string> {
    const client = new RawClient(port)
    client.send(post(path, `${CHUNKED}\r\nConnection: close`))
    for (let i = 0; i < 70; i += 1) {
      client.send(chunk(PIECE))
      await sleep(100)
    }
    client.send('0\r\n\r\n')
    return client.ended()
  }

  test('arrives, over more than three windows', async () => {
    assert.match(await upload('/p/honest'), /^HTTP\/1\.1 200 [\s\S]*received 70000/)
  })

  test('arrives where the gateway reads it itself', async () => {
    const client = new RawClient(kit.gateway.port)
    const body = JSON.stringify({ experiment_id: '1', run_name: 'x'.repeat(400) })
    const head = `Content-Type: application/json\r\nContent-Length: ${5000 + body.length}\r\nConnection: close`
    client.send(post(`/mlflow/${ALPHA}/api/2.0/mlflow/runs/create`, head))
    for (let i = 0; i < 50; i += 1) {
      client.send(' '.repeat(100))
      await sleep(100)
    }
    client.send(body)
    assert.match(await client.ended(), /^HTTP\/1\.1 200 [\s\S]*received/)
  })

  test('is not ended because the upstream reads slowly', async () => {
    const size = 24_000_000
    const client = new RawClient(kit.gateway.port)
    client.send(post('/p/late', `Content-Length: ${size}\r\nConnection: close`))
    client.socket.write(Buffer.alloc(size, 'x'))
    assert.match(await client.ended(), new RegExp(`^HTTP/1\\.1 200 [\\s\\S]*received ${size}`))
  })
})

test('a drip is counted once, with its status, and the upstream is free again', async () => {
  const counts = async () => {
    const text = await kit.gateway.metrics.registry.metrics()
    return [
      ...text.matchAll(
        /^http_server_request_duration_seconds_count\{method="POST",route="counted",status="(\w+)"\} (\d+)/gm,
      ),
    ].map((found) => found.slice(1).join(' '))
  }
  assert.deepEqual(await counts(), [])
  kit.logged.length = 0
  const left = new Promise<void>((resolve) => {
    kit.server.once('request', (request: IncomingMessage) => request.once('close', () => resolve()))
  })
  await ended(post('/counted/x', CHUNKED), chunk('x'))
  await left
  for (let i = 0; i < 40 && (await counts()).length === 0; i += 1) await sleep(25)
  assert.deepEqual(await counts(), ['408 1'])
  const lines = kit.logged.filter(({ route }) => route === 'counted')
  assert.equal(lines.length, 1)
  assert.deepEqual(
    [lines[0]?.status, lines[0]?.reason, lines[0]?.detail],
    [408, 'request-timeout', 'the client sent the request body too slowly'],
  )
})
