import assert from 'node:assert/strict'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { signedInBrowser, startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { eventually } from '../redis-store.ts'
import { type ProofClient, proofClient } from '../unit/gateway/tokens/proof/proof-client.ts'

/** DPoP on two replicas that share a Redis: one public URL, one memory of proofs, the same nonces. */

let redis: RedisServer
let issuer: EmbeddedIssuer
let upstream: Recorder
let replicas: RunningServer[] = []
let publicUrl = ''
let key: ProofClient
let token = ''

before(async () => {
  ;[redis, issuer, upstream] = await Promise.all([startRedis(), startIssuer(), startRecorder()])
  const ports = [await freePort(), await freePort()]
  publicUrl = `http://127.0.0.1:${ports[0]}`
  const replica = (port: number) =>
    startGateway({
      port,
      issuerUrl: issuer.url,
      upstream: upstream.url,
      config: {
        server: { publicUrl },
        proofOfPossession: { dpop: 'accept' },
        session: { store: `redis://127.0.0.1:${redis.port}`, storeTimeoutMs: 2000 },
      },
      routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login' }],
    })
  replicas = await Promise.all(ports.map(replica))
  key = await proofClient()
  token = await boundToken()
})
after(async () => {
  await Promise.all(replicas.map((replica) => replica.close()))
  await Promise.all([issuer?.close(), upstream?.close(), redis?.close()])
})

async function boundToken(): Promise<string> {
  const htu = `${issuer.url}/token`
  const authorization = `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`
  const headers = { authorization, DPoP: await key.prove('', { htm: 'POST', htu, ath: undefined }) }
  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  return JSON.parse(await (await fetch(htu, { method: 'POST', headers, body })).text()).access_token
}

interface Answer {
  readonly status: number | undefined
  readonly reason: unknown
  readonly nonce: string
  readonly retryAfter: string | undefined
}

/** Sends a proof to a replica, under the public host. */
function send(replica: number, proof: string): Promise<Answer> {
  const headers = { host: new URL(publicUrl).host, authorization: `DPoP ${token}`, DPoP: proof }
  const port = replicas[replica]?.port
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/lobby/x', headers }, async (response) => {
      const { reason } = (await json(response)) as { reason?: unknown }
      const { 'dpop-nonce': nonce, 'retry-after': retryAfter } = response.headers
      resolve({ status: response.statusCode, reason, nonce: String(nonce), retryAfter })
    })
      .on('error', reject)
      .end()
  })
}

const proof = (nonce?: string) => key.prove(token, { htu: `${publicUrl}/lobby/x`, nonce })

test('a nonce of one replica counts at the other, and a proof counts once at both', async () => {
  const { status, reason, nonce } = await send(0, await proof())
  assert.deepEqual([status, reason], [401, 'proof-nonce-required'])
  const used = await proof(nonce)
  assert.equal((await send(1, used)).status, 200)
  for (const replica of [0, 1]) {
    const replayed = await send(replica, used)
    assert.deepEqual([replayed.status, replayed.reason], [401, 'proof-invalid'])
  }
})

test('of forty uses of one proof at a time at both replicas, one counts', async () => {
  const { nonce } = await send(0, await proof())
  const used = await proof(nonce)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => send(i % 2, used)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(upstream.received.length, 2)
})

test('while Redis is down, requests with a proof get 503, nobody is signed out, and afterwards both work', async () => {
  const browser = await signedInBrowser({ url: publicUrl }, 'bob')
  const { nonce } = await send(0, await proof())
  const before = upstream.received.length
  await redis.crash()
  for (const replica of [0, 1]) {
    const answer = await send(replica, await proof(nonce))
    assert.deepEqual([answer.status, answer.reason], [503, 'store-down'])
    assert.ok(Number(answer.retryAfter) > 0)
  }
  assert.equal(upstream.received.length, before)
  const page = await browser.fetch(`${publicUrl}/lobby/x`)
  assert.deepEqual([page.status, page.headers.getSetCookie()], [200, []])
  await redis.restart()
  await eventually(async () => (await send(0, await proof(nonce))).status === 200)
  assert.equal((await browser.fetch(`${publicUrl}/lobby/x`)).status, 200)
})
