import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { buildCore } from '../../../src/core-api/app.ts'
import { ALICE, ALPHA, type CoreUnderTest, type Signer, startCoreUnderTest, startSigner, VERA } from '../../core/kit.ts'

/** A caller who may not use an endpoint cannot make the service read and parse a body. */
const LENGTH = 5_000_000
const PATH = '/api/datasetConnections'
let signer: Signer
let core: CoreUnderTest
let server: Server
const accepted: Socket[] = []
before(async () => {
  signer = await startSigner()
  core = await startCoreUnderTest(signer, 'sqlite::memory:')
  server = createServer(buildCore(core.deps))
  server.on('connection', (socket) => void accepted.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await core.close()
  await signer.close()
})

/** Sends the first 64 KiB of a body and waits for the response; resolves to its head and the bytes that were read. */
async function post(headers: Record<string, string>): Promise<{ head: string; read: number }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const all = { Host: 'core', 'Content-Type': 'application/json', ...headers }
  const fields = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`POST ${PATH} HTTP/1.1\r\n${fields.join('')}\r\n`)
  socket.write(
    'Transfer-Encoding' in headers ? `${(65_536).toString(16)}\r\n${' '.repeat(65_536)}\r\n` : ' '.repeat(65_536),
  )
  let head = ''
  socket.on('data', (chunk) => {
    head += chunk
  })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.on('close', resolve))
  return { head, read: accepted.at(-1)?.bytesRead ?? 0 }
}

const cases: [string, () => Promise<Record<string, string>>, string][] = [
  ['without credentials', async () => ({}), '401 Unauthorized'],
  ['with an invalid token', async () => ({ Authorization: 'Bearer nonsense' }), '401 Unauthorized'],
  [
    'by a viewer',
    async () => ({ Authorization: `Bearer ${await core.bearer(VERA)}`, 'AOA-Project-ID': ALPHA }),
    '403 Forbidden',
  ],
  ['without a project', async () => ({ Authorization: `Bearer ${await core.bearer(ALICE)}` }), '400 Bad Request'],
]
for (const [what, headers, status] of cases)
  for (const length of [{ 'Content-Length': String(LENGTH) }, { 'Transfer-Encoding': 'chunked' }])
    test(`a request ${what} is denied before its body (${Object.keys(length)}) is read`, {
      timeout: 5000,
    }, async () => {
      const { head, read } = await post({ ...(await headers()), ...length })
      assert.match(head, new RegExp(`^HTTP/1.1 ${status}\r\n`))
      assert.match(head, /\r\nconnection: close\r\n/i)
      assert.ok(read < 200_000, `${read} bytes were read`)
    })

test('after a denied request with a short body the connection is used again', async () => {
  const headers = { 'Content-Type': 'application/json', Connection: 'keep-alive' }
  const response = await core.anonymous.post(PATH).set(headers).send({ name: 'x' })
  assert.deepEqual([response.status, response.headers.connection], [401, 'keep-alive'])
})
