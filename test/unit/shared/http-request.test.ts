import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { httpRequest } from '../../../src/shared/http-request.ts'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const GET = { method: 'GET', timeoutMs: 5000 }

test('a request carries its headers and its body, a GET too, with their length', async (t) => {
  const url = await serve(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { host, 'x-own': own, 'content-length': length } = request.headers
    response.end(JSON.stringify({ method: request.method, path: request.url, host, own, length, body }))
  })
  for (const method of ['GET', 'POST']) {
    const { status, text } = await httpRequest(`${url}/a?b`, {
      ...GET,
      method,
      headers: { 'x-own': '1' },
      body: '{"ä":1}',
    })
    assert.equal(status, 200)
    const host = new URL(url).host
    assert.deepEqual(JSON.parse(text), { method, path: '/a?b', host, own: '1', length: '8', body: '{"ä":1}' })
  }
})

test('a redirect is a response, not followed', async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(request.url === '/' ? 302 : 200, { location: '/next' }).end('here')
  })
  const { status, text, headers } = await httpRequest(url, GET)
  assert.deepEqual({ status, text, location: headers.location }, { status: 302, text: 'here', location: '/next' })
})

test('HEAD has no body, and characters split between chunks stay whole', async (t) => {
  const url = await serve(t, (_request, response) => {
    const bytes = Buffer.from('ä')
    response.write(bytes.subarray(0, 1))
    setImmediate(() => response.end(bytes.subarray(1)))
  })
  const textOf = async (method: string) => (await httpRequest(url, { ...GET, method })).text
  assert.equal(await textOf('HEAD'), '')
  assert.equal(await textOf('GET'), 'ä')
})

const failures: [string, RequestListener][] = [
  ['that never comes', () => {}],
  ['that stops in its body', (_request, response) => void response.write('half')],
  ['that is cut off', (request) => void request.socket.destroy()],
  [
    'that is cut off in its body',
    (request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half')
      setImmediate(() => request.socket.destroy())
    },
  ],
]
for (const [name, listener] of failures) {
  test(`a response ${name} is an error`, async (t) => {
    const url = await serve(t, listener)
    await assert.rejects(httpRequest(url, { ...GET, timeoutMs: 200 }), Error)
  })
}

test('a host that nobody listens on is an error that names the reason, by address and by name', async () => {
  await assert.rejects(httpRequest('http://127.0.0.1:1/', GET), /ECONNREFUSED/)
  await assert.rejects(httpRequest('http://localhost:1/', GET), /ECONNREFUSED/)
})
