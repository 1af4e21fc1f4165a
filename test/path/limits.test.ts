import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../infra/parts/ports.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'

/** Settings of limits and of the admin listener, each with another value than the default, and what that changes. */

const TOKEN = 'token-of-this-test'
let kit: PathKit
let admin = ''
const connections = new Set<unknown>()

before(async () => {
  const adminListen = `127.0.0.1:${await freePort()}`
  admin = `http://${adminListen}`
  const adminTokenHash = createHash('sha256').update(TOKEN).digest('hex')
  kit = await startPath(
    (request, response) => {
      connections.add(request.socket)
      response.end('ok')
    },
    {
      config: {
        server: { adminListen, adminTokenHash },
        limits: { headerCount: 20, urlBytes: 1024, keepAliveSeconds: 1, upstreamIdleSeconds: 1 },
      },
    },
  )
})
after(() => kit.close())

const statusOf = async (request: string) => {
  const raw = new RawClient(kit.gateway.port)
  raw.send(request)
  return (await raw.ended()).slice(9, 12)
}
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\n${kit.who}${more}Connection: close\r\n\r\n`

test('limits.headerCount: one field more is 431', async () => {
  assert.equal(await statusOf(get('/p/a', 'X-A: b\r\n'.repeat(17))), '200')
  assert.equal(await statusOf(get('/p/a', 'X-A: b\r\n'.repeat(18))), '431')
})

test('limits.urlBytes: one byte more is 414', async () => {
  assert.equal(await statusOf(get(`/p/${'a'.repeat(1021)}`)), '200')
  assert.equal(await statusOf(get(`/p/${'a'.repeat(1022)}`)), '414')
})

test('limits.keepAliveSeconds: an idle connection of a client is closed by the gateway', async () => {
  const raw = new RawClient(kit.gateway.port)
  raw.send(`GET /p/a HTTP/1.1\r\n${kit.who}\r\n`)
  assert.match(await raw.ended(), /^HTTP\/1\.1 200 /)
})

test('limits.upstreamIdleSeconds: an idle connection to the upstream is not used again', async () => {
  await statusOf(get('/p/a'))
  const before = connections.size
  await sleep(1500)
  await statusOf(get('/p/a'))
  assert.equal(connections.size, before + 1)
})

test('server.adminListen and adminTokenHash: metrics there alone, sessions with the token alone', async () => {
  assert.equal((await fetch(`${admin}/metrics`)).status, 200)
  assert.notEqual((await fetch(`${kit.url}/metrics`)).status, 200)
  assert.equal((await fetch(`${admin}/sessions`)).status, 401)
  const answer = await fetch(`${admin}/sessions`, { headers: { authorization: `Bearer ${TOKEN}` } })
  assert.equal(answer.status, 200)
})
