import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { type DpopClient, dpopClient } from '../dpop-client.ts'
import { type Kit, startKit } from '../kit.ts'
import { type ProofClient, proofClient } from '../unit/gateway/tokens/proof/proof-client.ts'
import { RawClient } from './kit.ts'

/** DPoP from a real client library and a certified issuer, through the whole gateway. */

let kit: Kit
let ci: DpopClient
/** The same client with a token for a key of the test, which makes proofs that no library makes. */
let key: ProofClient
let token = ''

const CROSS = 'https://ui.example'

before(async () => {
  kit = await startKit({
    config: {
      proofOfPossession: { dpop: 'accept' },
      server: { trustedProxies: ['127.0.0.1/32'] },
      cors: { allowedOrigins: [CROSS] },
    },
    routes: [
      { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
      { name: 'core', app: 'core', path: '/core', access: 'project' },
    ],
  })
  ci = await dpopClient(kit.issuer.url, CI_CLIENT)
  key = await proofClient()
  token = await tokenFor(key)
})
after(() => kit?.close())
beforeEach(() => {
  kit.upstream.received.length = 0
})

async function tokenFor({ prove }: ProofClient): Promise<string> {
  const htu = `${kit.issuer.url}/token`
  const response = await fetch(htu, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`,
      DPoP: await prove('', { htm: 'POST', htu, ath: undefined }),
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token, token_type } = JSON.parse(await response.text())
  assert.equal(token_type, 'DPoP')
  return access_token
}

/** The current nonce, from the challenge. */
async function nonce(): Promise<string> {
  const headers = { authorization: `DPoP ${token}`, DPoP: await proofOf('/notes/x') }
  const response = await fetch(`${kit.url}/notes/x`, { headers })
  assert.equal(JSON.parse(await response.text()).reason, 'proof-nonce-required')
  return response.headers.get('dpop-nonce') ?? ''
}

const proofOf = (path: string, claims: Record<string, unknown> = {}) =>
  key.prove(token, { htu: `${kit.url}${path}`, ...claims })

const statusAndReason = async (response: Response) => [response.status, JSON.parse(await response.text()).reason]

test('openid-client reaches its project with a nonce of the gateway; neither proof nor token reaches the application', async () => {
  for (const method of ['GET', 'POST']) {
    assert.equal((await ci.fetch(`${kit.url}/notes/x?page=2`, { method })).status, 200)
    assert.deepEqual(kit.upstream.lastValues('AOA-Project-ID'), [ALPHA])
    assert.deepEqual(kit.upstream.lastValues('X-Forwarded-User'), ['service-account-ci-service'])
    assert.equal(kit.upstream.lastValues('X-Gateway-Assertion').length, 1)
    assert.deepEqual([kit.upstream.lastValues('DPoP'), kit.upstream.lastValues('Authorization')], [[], []])
  }
})

test('a proof that was used before is refused, with what to do', async () => {
  const headers = { authorization: `DPoP ${token}`, DPoP: await proofOf('/notes/x', { nonce: await nonce() }) }
  assert.equal((await fetch(`${kit.url}/notes/x`, { headers })).status, 200)
  const replayed = await fetch(`${kit.url}/notes/x`, { headers })
  const body = await replayed.text()
  const { reason } = JSON.parse(body)
  assert.deepEqual([replayed.status, reason], [401, 'proof-invalid'])
  assert.match(body, /It was used before\. Create a new proof for each request/)
  assert.match(replayed.headers.get('www-authenticate') ?? '', /DPoP error="invalid_dpop_proof", algs="ES256 [^"]+"/)
})

test('a stolen token is of no use: not as a bearer token, not with a proof of another key, not with a stolen proof elsewhere', async () => {
  const thief = await proofClient()
  const stolen = await proofOf('/notes/x', { nonce: await nonce() })
  const attempts: [string, string, Record<string, string>][] = [
    ['/notes/x', 'token-invalid', { authorization: `Bearer ${token}` }],
    ['/notes/x', 'token-invalid', { authorization: `Bearer ${token}`, DPoP: stolen }],
    ['/notes/x', 'proof-invalid', { authorization: `DPoP ${token}` }],
    [
      '/notes/x',
      'proof-invalid',
      { authorization: `DPoP ${token}`, DPoP: await thief.prove(token, { htu: `${kit.url}/notes/x` }) },
    ],
    ['/notes/other', 'proof-invalid', { authorization: `DPoP ${token}`, DPoP: stolen }],
    ['/auth/session', 'proof-invalid', { authorization: `DPoP ${token}`, DPoP: stolen }],
    ['/auth/session', 'token-invalid', { authorization: `Bearer ${token}` }],
  ]
  for (const [path, reason, headers] of attempts)
    assert.deepEqual(await statusAndReason(await fetch(`${kit.url}${path}`, { headers })), [401, reason], path)
  assert.equal(kit.upstream.received.length, 0)
})

test('the same proof at the same time is good for one request', async () => {
  const headers = { authorization: `DPoP ${token}`, DPoP: await proofOf('/notes/x', { nonce: await nonce() }) }
  const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${kit.url}/notes/x`, { headers })))
  assert.equal(responses.filter(({ status }) => status === 200).length, 1)
  await Promise.all(responses.map((response) => response.body?.cancel()))
})

test('an application that takes the token of the caller gets none that is bound to a key', async () => {
  assert.deepEqual(await statusAndReason(await ci.fetch(`${kit.url}/core/x`)), [403, 'app-denied'])
  assert.equal(kit.upstream.received.length, 0)
})

test('the endpoints of the gateway accept a bound token with its proof', async () => {
  const response = await ci.fetch(`${kit.url}/auth/session`)
  assert.equal(response.status, 200)
})

test('forward auth verifies the proof of the request that the proxy asks about', async () => {
  const ask = async (proof: string) =>
    fetch(`${kit.url}/auth/verify`, {
      headers: {
        authorization: `DPoP ${token}`,
        DPoP: proof,
        'X-Forwarded-Method': 'PUT',
        'X-Forwarded-Uri': '/notes/x?a=b',
        'X-Forwarded-Host': new URL(kit.url).host,
      },
    })
  const current = await nonce()
  assert.equal((await ask(await proofOf('/notes/x', { htm: 'PUT', nonce: current }))).status, 200)
  for (const wrong of [{ htm: 'GET' }, { htm: 'PUT', htu: `${kit.url}/auth/verify` }])
    assert.equal((await ask(await proofOf('/notes/x', { nonce: current, ...wrong }))).status, 401)
})

test('a WebSocket is opened with a proof of its handshake', async () => {
  const handshake = async (claims: Record<string, unknown>) => {
    const client = new RawClient(kit.gateway.port)
    const proof = await proofOf('/notes/ws', claims)
    client.send(
      `GET /notes/ws HTTP/1.1\r\nHost: ${new URL(kit.url).host}\r\nAuthorization: DPoP ${token}\r\nDPoP: ${proof}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    const heard = await client.until((text) => text.includes('\r\n\r\n'))
    client.socket.destroy()
    return heard.slice(9, 12)
  }
  const current = await nonce()
  // The application behind the route answers the handshake as a plain request.
  assert.notEqual(await handshake({ nonce: current }), '401')
  assert.equal(kit.upstream.received.at(-1)?.target, '/notes/ws')
  assert.equal(await handshake({ nonce: current, htu: `${kit.url.replace('http', 'ws')}/notes/ws` }), '401')
  assert.equal(await handshake({ nonce: 'x' }), '401')
})

test('pages of permitted origins may send a proof and read the nonce', async () => {
  const preflight = await fetch(`${kit.url}/notes/x`, {
    method: 'OPTIONS',
    headers: {
      origin: CROSS,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization,dpop',
    },
  })
  assert.deepEqual(
    [preflight.status, preflight.headers.get('access-control-allow-headers')],
    [204, 'authorization,dpop'],
  )
  const headers = { origin: CROSS, authorization: `DPoP ${token}`, DPoP: await proofOf('/notes/x') }
  const challenged = await fetch(`${kit.url}/notes/x`, { headers })
  assert.match(challenged.headers.get('access-control-expose-headers') ?? '', /DPoP-Nonce/)
  assert.ok(challenged.headers.get('dpop-nonce'))
})

test('the program of the guide runs as it is written, but for http', async () => {
  const guide = readFileSync(join(checkout, 'docs/guides/clients/proof-of-possession.md'), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
  const withHttp = code.replace('(CLIENT_SECRET))', '(CLIENT_SECRET), { execute: [client.allowInsecureRequests] })')
  assert.notEqual(withHttp, code)
  const { status, stdout, stderr } = await finished(
    spawn(process.execPath, ['--input-type=module', '--eval', withHttp], {
      cwd: checkout,
      env: {
        ...{ PATH: process.env.PATH, ISSUER: kit.issuer.url, CLIENT_ID: CI_CLIENT.id, CLIENT_SECRET: CI_CLIENT.secret },
        URL_OF_APPLICATION: `${kit.url}/notes/x`,
      },
    }),
  )
  assert.deepEqual([status, stdout], [0, '200\n'], stderr)
})

async function finished(child: ReturnType<typeof spawn>) {
  const [stdout, stderr, [status]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'exit'),
  ])
  return { status, stdout, stderr }
}

test('nothing of proofs and tokens is in the log', () => {
  const log = JSON.stringify(kit.logged)
  assert.ok(log.includes('proof-invalid'))
  assert.ok(!log.includes(token) && !log.includes(ci.token) && !log.includes('eyJ'))
})
