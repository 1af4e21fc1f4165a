import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { issuerFetch } from '../../../../src/gateway/issuer/issuer-fetch.ts'

const LIMIT = 1_048_576

async function serve(t: TestContext, listener: RequestListener): Promise<Response> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  await once(server, 'listening')
  return issuerFetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { redirect: 'manual' })
}

test('a response of one MiB is read, with its status and headers', async (t) => {
  const response = await serve(t, (_, reply) => reply.writeHead(400, { 'x-a': 'b' }).end('x'.repeat(LIMIT)))
  assert.deepEqual([response.status, response.headers.get('x-a'), response.ok], [400, 'b', false])
  assert.equal((await response.text()).length, LIMIT)
})

test('a longer response fails', async (t) => {
  const response = await serve(t, (_, reply) => reply.end('x'.repeat(LIMIT + 1)))
  await assert.rejects(response.text(), { name: 'TypeError', cause: new Error('it is longer than 1048576 bytes') })
})

test('a response without end fails at the limit, and its connection is closed', async (t) => {
  const closed = Promise.withResolvers<void>()
  const response = await serve(t, (_, reply) => {
    reply.on('close', () => closed.resolve())
    const more = () => {
      while (!reply.destroyed && reply.write('x'.repeat(65_536)));
      reply.once('drain', more)
    }
    more()
  })
  await assert.rejects(response.text(), { message: 'response not read' })
  await closed.promise
})

test('a short response that decompresses to a long one fails', async (t) => {
  const body = gzipSync(Buffer.alloc(50_000_000))
  assert.ok(body.length < LIMIT)
  const response = await serve(t, (_, reply) => reply.setHeader('content-encoding', 'gzip').end(body))
  await assert.rejects(response.text(), { message: 'response not read' })
})

test('responses without a body and redirects are passed on', async (t) => {
  for (const status of [204, 304, 302]) {
    const response = await serve(t, (_, reply) => reply.writeHead(status, { location: '/x' }).end())
    assert.equal(response.status, status)
    assert.equal(await response.text(), '')
  }
})
