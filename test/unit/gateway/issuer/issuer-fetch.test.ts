import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { issuerFetch } from '../../../../src/gateway/issuer/issuer-fetch.ts'

const LIMIT = 1_048_576

/** The URL of a server that has just been made. */
async function listening(t: TestContext, server: TcpServer): Promise<string> {
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function serve(t: TestContext, listener: RequestListener): Promise<Response> {
  const server = createServer(listener)
  t.after(() => server.closeAllConnections())
  return issuerFetch(await listening(t, server), {})
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

test('a compressed response is read', async (t) => {
  const response = await serve(t, ({ headers }, reply) => {
    assert.deepEqual([headers['accept-encoding'], headers['user-agent']], ['gzip', 'modelops-gateway'])
    reply.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(LIMIT)))
  })
  assert.equal(await response.text(), 'x'.repeat(LIMIT))
})

test('a response that nobody can read fails when it is read', async (t) => {
  for (const [encoding, body] of [
    ['br', 'x'],
    ['gzip', 'not compressed'],
    ['gzip, gzip', gzipSync(gzipSync('twice'))],
    ['gzip', gzipSync('cut').subarray(0, -1)],
  ] as const) {
    const response = await serve(t, (_, reply) => reply.setHeader('content-encoding', encoding).end(body))
    await assert.rejects(response.text(), { name: 'TypeError', message: 'response not read' }, `${encoding} ${body}`)
  }
})

test('a response that ends early fails when it is read', async (t) => {
  const response = await serve(t, (_, reply) => {
    reply.writeHead(200, { 'content-length': 10 }).write('x', () => reply.destroy())
  })
  await assert.rejects(response.text(), { name: 'TypeError', message: 'response not read' })
})

test('a status that a response cannot have is no response, nor is the offer to change the protocol', async (t) => {
  for (const [head, cause] of [
    ['999 x', 'its status is 999'],
    ['099 x', 'its status is 99'],
    ['101 x', 'its status is 101'],
    ['101 x\r\nconnection: upgrade\r\nupgrade: websocket', 'the connection ended before a response'],
  ] as const) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(`HTTP/1.1 ${head}\r\n\r\n`))
    })
    const fetched = issuerFetch(await listening(t, server), {})
    await assert.rejects(fetched, { name: 'TypeError', cause: new Error(cause) })
  }
})

test('a content coding that is none changes nothing', async (t) => {
  for (const coding of ['identity', 'Identity', '', 'utf-8', 'identity, identity']) {
    const response = await serve(t, (_, reply) => reply.setHeader('content-encoding', coding).end('{}'))
    assert.equal(await response.text(), '{}', coding)
  }
})

test('no connection, or none in time, fails as with fetch', async (t) => {
  const server = createServer()
  const url = await listening(t, server)
  const late = issuerFetch(url, { signal: AbortSignal.timeout(20) })
  await assert.rejects(late, { name: 'TimeoutError' })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await assert.rejects(issuerFetch(url, {}), (error: TypeError) => {
    assert.equal(error.name, 'TypeError')
    assert.match(String(error.cause), /ECONNREFUSED/)
    return true
  })
})

test('a form and a text are sent with their length, and the headers as they are', async (t) => {
  const received: string[] = []
  const server = createServer(async ({ method, headers }, reply) => {
    received.push(`${method} ${headers['content-type']} ${headers['content-length']} ${headers['transfer-encoding']}`)
    reply.end()
  })
  const url = await listening(t, server)
  const headers = { 'content-type': 'text/x' }
  await issuerFetch(url, { method: 'POST', headers, body: new URLSearchParams({ a: 'ö' }) })
  await issuerFetch(url, { method: 'POST', headers, body: 'ö' })
  await issuerFetch(url, {})
  assert.deepEqual(received, [
    'POST text/x 8 undefined',
    'POST text/x 2 undefined',
    'GET undefined undefined undefined',
  ])
})

test('a URL with credentials is not requested', async () => {
  const fetched = issuerFetch('http://user:word@127.0.0.1:9', {})
  await assert.rejects(fetched, { cause: new Error('expected a URL without credentials') })
})

test('a proxy that never responds is waited for until the signal, and one that does is used', async (t) => {
  const proxy = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    // CONNECT is not responded to; a request for http is.
    socket.on('data', (bytes) => {
      if (String(bytes).startsWith('GET http://sso.example/ ')) socket.end('HTTP/1.1 200 OK\r\n\r\nby the proxy')
    })
  })
  const address = await listening(t, proxy)
  const program = `
    import { issuerFetch } from './src/gateway/issuer/issuer-fetch.ts'
    console.log(await (await issuerFetch('http://sso.example/', {})).text())
    await issuerFetch('https://sso.example/', { signal: AbortSignal.timeout(200) }).catch(({ name }) => console.log(name))
    process.exit()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address, HTTPS_PROXY: address },
    timeout: 30_000,
  })
  assert.equal(stdout, 'by the proxy\nTimeoutError\n')
})
