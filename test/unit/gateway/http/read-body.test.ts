import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import type { Refusal } from '../../../../src/gateway/errors.ts'
import { readBody } from '../../../../src/gateway/http/read-body.ts'

test('a body of a client that has left already is not waited for', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const arrived = once(server, 'request')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
  const [request] = (await arrived) as [IncomingMessage]
  request.on('error', () => undefined)
  socket.destroy()
  await new Promise((resolve) => request.once('close', resolve))
  const pace = { windowMs: 60_000, minBytesPerSecond: 0 }
  await assert.rejects(
    readBody(request, { maxBytes: 10, pace }),
    (error: Refusal) => error.reason === 'request-malformed',
  )
})
