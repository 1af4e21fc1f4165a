import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildCore } from '../../../src/core-api/app.ts'
import { ALICE, ALPHA, type CoreUnderTest, type Signer, startCoreUnderTest, startSigner } from '../../core/kit.ts'

/** A body that comes too slowly is ended with 408, a slow but honest one is not. */
let signer: Signer
let core: CoreUnderTest
let server: Server

before(async () => {
  signer = await startSigner()
  core = await startCoreUnderTest(signer, 'sqlite::memory:')
  const { config } = core.deps
  const limits = { ...config.limits, bodyIdleSeconds: 2, bodyBytesPerSecond: 500 }
  server = createServer(buildCore({ ...core.deps, config: { ...config, limits } }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await core.close()
  await signer.close()
})

/** Sends a piece every 50 ms, at most so many times, then the rest. Resolves to what was received until the connection ended. */
async function send(framing: string, first: string, piece: string, { times = 1000, rest = '' } = {}): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let heard = ''
  socket.on('data', (bytes) => {
    heard += bytes
  })
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  const fields = `Authorization: Bearer ${await core.bearer(ALICE)}\r\nAOA-Project-ID: ${ALPHA}\r\nContent-Type: application/json`
  socket.write(`POST /api/datasetConnections HTTP/1.1\r\nHost: core\r\n${fields}\r\n${framing}\r\n\r\n${first}`)
  for (let i = 0; i < times && !socket.destroyed && !socket.readableEnded; i += 1) {
    if (piece !== '') socket.write(piece)
    await sleep(50)
  }
  if (!socket.destroyed) socket.write(rest)
  await closed
  return heard
}

describe('a body', { concurrency: true }, () => {
  const slow: [string, string, string, string][] = [
    ['drips', 'Content-Length: 50000', '', 'x'],
    ['drips in chunks', 'Transfer-Encoding: chunked', '', '1\r\nx\r\n'],
    ['begins with a burst and drips', 'Content-Length: 50000', ' '.repeat(20_000), 'x'],
    ['stops', 'Content-Length: 50000', 'xxx', ''],
  ]
  for (const [name, framing, first, piece] of slow) {
    test(`that ${name} gets 408, and its connection ends`, { timeout: 15_000 }, async () => {
      const heard = await send(framing, first, piece)
      assert.match(heard, /^HTTP\/1\.1 408 [\s\S]*\r\nconnection: close\r\n[\s\S]*"reason":"request-timeout"/i)
      assert.equal(heard.match(/HTTP\/1\.1/g)?.length, 1)
    })
  }

  test('that is slow and honest is read, over more than two windows', { timeout: 15_000 }, async () => {
    const rest = '{"name":"x"}'
    const framing = `Content-Length: ${100 * 100 + rest.length}\r\nConnection: close`
    const heard = await send(framing, '', ' '.repeat(100), { times: 100, rest })
    assert.match(heard, /^HTTP\/1\.1 400 [\s\S]*"reason":"body-invalid"/)
  })
})
