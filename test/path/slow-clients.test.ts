import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PathKit, RawClient, startPath } from './kit.ts'

/** What one client holds back must not be missing for others: a single connection to the upstream, and slow readers. */

/** More than the kernel keeps for a socket that nobody reads. */
const BIG = Buffer.alloc(64_000_000, 'x')
let kit: PathKit
let handle: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end('ok')

before(async () => {
  kit = await startPath((request, response) => handle(request, response), {
    config: { limits: { bodyIdleSeconds: 1, responseIdleSeconds: 2, upstreamConnections: 1 } },
  })
})
after(() => kit.close())

const get = (path: string) => `GET ${path} HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`
const bigAnswers = (request: IncomingMessage, response: ServerResponse) => {
  if (request.url?.endsWith('/big')) response.end(BIG)
  else response.end('ok')
}

test('a client that takes nothing of its answer is cut, and the upstream is there for others again', async () => {
  handle = bigAnswers
  const stuck = new RawClient(kit.gateway.port)
  stuck.send(get('/p/big'))
  await stuck.until((heard) => heard.includes('\r\n\r\nx'))
  stuck.socket.pause()
  const other = new RawClient(kit.gateway.port)
  other.send(get('/p/other'))
  assert.match(await other.ended(), /^HTTP\/1\.1 200 [\s\S]*ok$/)
  stuck.socket.resume()
  assert.ok((await stuck.ended()).length < BIG.length)
  const cut = kit.logged.find((line) => line.reason === 'request-timeout')
  assert.equal(cut?.detail, 'the client read nothing of the response for too long')
})

test('a client that takes its answer slowly gets all of it', async () => {
  handle = bigAnswers
  const slow = new RawClient(kit.gateway.port)
  slow.send(get('/p/big'))
  // Longer than the limit in all, and never that long without a read; the kernel tells of reads by the megabyte.
  for (let pauses = 0; pauses < 8; pauses += 1) {
    const before = slow.heard.length
    await slow.until((heard) => heard.length > before + 5_000_000)
    slow.socket.pause()
    await sleep(400)
    slow.socket.resume()
  }
  assert.ok((await slow.ended()).length > BIG.length)
})

test('a body for the gateway itself that does not come is not waited for', async () => {
  const raw = new RawClient(kit.gateway.port)
  raw.send(
    `POST /auth/backchannel-logout HTTP/1.1\r\nHost: ${new URL(kit.url).host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\npart`,
  )
  const heard = await raw.until((text) => text.includes('"request-timeout"'))
  assert.match(heard, /^HTTP\/1\.1 408 [\s\S]*\r\nConnection: close\r\n/i)
  await raw.ended()
})
