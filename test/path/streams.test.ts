import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PathKit, RawClient, startPath } from './kit.ts'

/** Bodies in both directions: streamed, unlimited, and each side's end told to the other. */

let kit: PathKit
let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {}
const port = () => kit.gateway.port
const client = () => new RawClient(port())

before(async () => {
  kit = await startPath((request, response) => handle(request, response), {
    config: { limits: { bodyIdleSeconds: 1, headerSeconds: 1 } },
  })
  kit.server.on('checkContinue', (request, response) => handle(request, response))
})
after(() => kit.close())

test('a stream is passed on as it comes and has no time limit of its own', async () => {
  handle = async (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    response.write('{"n":1}\n')
    await sleep(1600)
    response.end('{"n":2}\n')
  }
  const raw = client()
  raw.send(`GET /app/stream HTTP/1.1\r\n${kit.who}\r\n`)
  await raw.until((heard) => heard.includes('{"n":1}'))
  assert.doesNotMatch(raw.heard, /"n":2/)
  await raw.until((heard) => heard.includes('{"n":2}') && heard.endsWith('0\r\n\r\n'))
  raw.socket.destroy()
})

test('the head of a stream that says nothing yet is passed on', async () => {
  handle = (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
  }
  const raw = client()
  raw.send(`GET /app/events HTTP/1.1\r\n${kit.who}\r\n`)
  await raw.until((heard) => /text\/event-stream\r\n[\s\S]*\r\n\r\n/.test(heard))
  raw.socket.destroy()
})

test('a client that leaves takes its request to the upstream with it', async () => {
  const left = Promise.withResolvers<void>()
  handle = (_request, response) => {
    response.writeHead(200)
    response.write('a')
    response.once('close', () => left.resolve())
  }
  const raw = client()
  raw.send(`GET /app/stream HTTP/1.1\r\n${kit.who}\r\n`)
  await raw.until((heard) => heard.includes('\r\n\r\n'))
  raw.socket.destroy()
  await left.promise
})

test('a client that leaves within its upload takes the upload with it', async () => {
  const left = Promise.withResolvers<string>()
  handle = (request) => request.on('error', ({ message }) => left.resolve(message)).resume()
  const raw = client()
  raw.send(`PUT /app/file HTTP/1.1\r\n${kit.who}Content-Length: 1000\r\n\r\npart`)
  await sleep(50)
  raw.socket.destroy()
  assert.equal(await left.promise, 'aborted')
})

test('an answer cut off by the upstream is cut off for the client, never ended as if whole', async () => {
  handle = (_request, response) => {
    response.writeHead(200)
    response.write('half')
    setTimeout(() => response.socket?.destroy(), 20)
  }
  const raw = client()
  raw.send(`GET /app/x HTTP/1.1\r\n${kit.who}\r\n`)
  const heard = await raw.ended()
  assert.match(heard, /half/)
  assert.doesNotMatch(heard, /\r\n0\r\n\r\n$/)
})

test('Expect: 100-continue asks the upstream, whose word the client gets', async () => {
  handle = (request, response) => {
    response.writeContinue()
    request.resume().on('end', () => response.end('thanks'))
  }
  const raw = client()
  raw.send(`POST /app/x HTTP/1.1\r\n${kit.who}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`)
  await raw.until((heard) => heard.startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
  raw.send('abc')
  await raw.until((heard) => heard.includes('thanks'))
  raw.socket.destroy()
})

test('an upstream that refuses before the body is asked for is heard at once', async () => {
  handle = (_request, response) => response.writeHead(413, { 'Content-Length': 3 }).end('big')
  const raw = client()
  raw.send(`POST /app/x HTTP/1.1\r\n${kit.who}Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n`)
  const heard = await raw.until((text) => text.endsWith('big'))
  assert.match(heard, /^HTTP\/1\.1 413 /)
  assert.match(heard, /connection: close/i)
  raw.socket.destroy()
})

test('an upstream that does not know 100-continue gets the body after a second', async () => {
  handle = (request, response) => void request.resume().on('end', () => response.end('late'))
  const raw = client()
  raw.send(`POST /app/x HTTP/1.1\r\n${kit.who}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`)
  await raw.until((heard) => heard.startsWith('HTTP/1.1 100 '))
  raw.send('abc')
  await raw.until((heard) => heard.includes('late'))
  raw.socket.destroy()
})

test('a refused upload of any size is answered in a way the client can read', async () => {
  const raw = client()
  raw.send(
    `POST /p/x HTTP/1.1\r\n${kit.who}AOA-Project-ID: 22222222-2222-4222-8222-222222222222\r\nContent-Length: 20000000\r\n\r\n`,
  )
  const block = 'x'.repeat(1_000_000)
  for (let i = 0; i < 20; i += 1)
    if (!raw.socket.write(block)) await Promise.race([once(raw.socket, 'drain'), once(raw.socket, 'close')])
  const heard = await raw.ended()
  assert.match(heard, /^HTTP\/1\.1 403 [\s\S]*"not-in-project"/)
})

test('answers without a body stay without: HEAD, 204, 304', async () => {
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/app/head': (response) => response.writeHead(200, { 'Content-Length': 5 }).end(),
    '/app/204': (response) => response.writeHead(204).end(),
    '/app/304': (response) => response.writeHead(304, { ETag: '"a"' }).end(),
  }
  handle = (request, response) => answers[request.url ?? '']?.(response)
  const raw = client()
  for (const [method, path, head] of [
    ['HEAD', '/app/head', /200[\s\S]*content-length: 5/i],
    ['GET', '/app/204', /204 /],
    ['GET', '/app/304', /304[\s\S]*"a"/],
  ] as const) {
    raw.heard = ''
    raw.send(`${method} ${path} HTTP/1.1\r\n${kit.who}\r\n`)
    const heard = await raw.until((text) => text.includes('\r\n\r\n'))
    assert.match(heard, head)
    assert.ok(heard.endsWith('\r\n\r\n'))
    assert.doesNotMatch(heard, /transfer-encoding/i)
  }
  raw.socket.destroy()
})

test('trailers of an answer are passed on', async () => {
  handle = (_request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum' })
    response.write('a')
    response.addTrailers({ 'X-Sum': '1' })
    response.end()
  }
  const raw = client()
  raw.send(`GET /app/x HTTP/1.1\r\n${kit.who}\r\n`)
  await raw.until((heard) => heard.endsWith('0\r\nX-Sum: 1\r\n\r\n'))
  raw.socket.destroy()
})

test('an HTTP/1.0 client gets a stream that ends with the connection', async () => {
  handle = (_request, response) => response.write('a', () => response.end('b'))
  const raw = client()
  raw.send(`GET /app/x HTTP/1.0\r\n${kit.who}\r\n`)
  const heard = await raw.ended()
  assert.match(heard, /\r\n\r\nab$/)
  assert.doesNotMatch(heard, /transfer-encoding/i)
})

test('a big body arrives whole in both directions, through a slow reader', async () => {
  const bytes = randomBytes(8_000_000)
  handle = (request, response) => void request.pipe(response)
  const raw = client()
  raw.socket.pause()
  raw.send(`POST /app/echo HTTP/1.1\r\n${kit.who}Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`)
  raw.socket.write(bytes)
  await sleep(100)
  raw.socket.resume()
  const heard = await raw.ended()
  const body = unchunk(heard.slice(heard.indexOf('\r\n\r\n') + 4))
  const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  assert.equal(digest(Buffer.from(body, 'latin1')), digest(bytes))
})

function unchunk(text: string): string {
  const pieces: string[] = []
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, end), 16)
    if (size === 0) return pieces.join('')
    pieces.push(text.slice(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

test('an upstream that is slow to answer is 504, one that breaks off is 502', async () => {
  handle = () => {}
  const slow = client()
  slow.send(`GET /app/x HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
  assert.match(await slow.ended(), /^HTTP\/1\.1 504 [\s\S]*"upstream-timeout"/)
  handle = (_request, response) => void response.socket?.destroy()
  const broken = client()
  broken.send(`GET /app/x HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
  assert.match(await broken.ended(), /^HTTP\/1\.1 502 [\s\S]*"upstream-down"/)
})

test('a client that stops within its body is answered 408 and cut', async () => {
  handle = (request) => request.resume()
  const raw = client()
  raw.send(`POST /app/x HTTP/1.1\r\n${kit.who}Content-Length: 100\r\n\r\npart`)
  assert.match(await raw.until((heard) => heard.includes('request-timeout')), /^HTTP\/1\.1 408 /)
  raw.socket.destroy()
})

test('a client that is slow with its headers is answered 408 and cut, others are served meanwhile', async () => {
  handle = (_request, response) => response.end('ok')
  const slow = client()
  slow.send(`GET /app/x HTTP/1.1\r\n${kit.who}`)
  const other = client()
  other.send(`GET /app/x HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
  assert.match(await other.ended(), /ok$|ok\r\n0\r\n\r\n$/)
  assert.match(await slow.ended(), /^HTTP\/1\.1 408 /)
})
