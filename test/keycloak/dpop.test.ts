import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { ALPHA } from '../../infra/issuer/users.ts'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { dpopClient } from '../dpop-client.ts'
import { startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { proofClient } from '../unit/gateway/tokens/proof/proof-client.ts'
import { KeycloakAdmin } from './admin.ts'
import { type Realm, startRealm } from './realm.ts'

/** Tokens that a real Keycloak binds to a key of the client (DPoP). */
let keycloak: Realm
let upstream: Recorder
let gateway: RunningServer
let url: string

const CI = { id: 'ci-service', secret: 'ci-service-secret' }

before(async () => {
  const port = await freePort()
  url = `http://localhost:${port}`
  ;[keycloak, upstream] = await Promise.all([startRealm({ gatewayUrl: url }), startRecorder()])
  gateway = await startGateway({
    port,
    issuerUrl: keycloak.url,
    upstream: upstream.url,
    host: 'localhost',
    config: { proofOfPossession: { dpop: 'accept' }, issuer: { introspection: true } },
    routes: [{ name: 'notes', app: 'generic', path: '/notes', access: 'project', basicCredentials: true }],
  })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  await upstream?.close()
  await keycloak?.close()
})

async function enter(headers: Record<string, string>) {
  const response = await fetch(`${url}/notes/x`, { headers })
  const { reason } = JSON.parse(await response.text())
  return { status: response.status, reason, nonce: response.headers.get('dpop-nonce') ?? undefined }
}

test('a program with openid-client gets a bound token from Keycloak and reaches its project', async () => {
  const ci = await dpopClient(keycloak.url, CI)
  const { typ, cnf } = decodeJwt<{ typ?: string; cnf?: { jkt?: string } }>(ci.token)
  assert.equal(typ, 'DPoP')
  assert.match(cnf?.jkt ?? '', /^[\w-]{43}$/)
  for (const method of ['GET', 'POST']) assert.equal((await ci.fetch(`${url}/notes/x`, { method })).status, 200)
  assert.deepEqual(upstream.lastValues('AOA-Project-ID'), [ALPHA])
  assert.deepEqual([upstream.lastValues('DPoP'), upstream.lastValues('Authorization')], [[], []])
  assert.deepEqual(await enter({ authorization: `Bearer ${ci.token}` }), {
    status: 401,
    reason: 'token-invalid',
    nonce: undefined,
  })
})

test('a person’s token of a client that must bind its tokens counts with its proof only', async () => {
  const admin = new KeycloakAdmin(keycloak)
  await admin.signIn()
  await admin.setClient('cli', { 'dpop.bound.access.tokens': 'true' })
  const key = await proofClient()
  const endpoint = `${keycloak.url}/protocol/openid-connect/token`
  const form = { grant_type: 'password', client_id: 'cli', scope: 'openid', username: 'bob', password: 'bob-pw' }
  const body = new URLSearchParams(form)
  assert.equal((await fetch(endpoint, { method: 'POST', body })).status, 400)
  const proof = await key.prove('', { htm: 'POST', htu: endpoint, ath: undefined })
  const tokens = JSON.parse(await (await fetch(endpoint, { method: 'POST', body, headers: { DPoP: proof } })).text())
  const send = async (nonce?: string, who = key) =>
    enter({
      authorization: `DPoP ${tokens.access_token}`,
      DPoP: await who.prove(tokens.access_token, { htu: `${url}/notes/x`, nonce }),
    })
  const { reason, nonce } = await send()
  assert.equal(reason, 'proof-nonce-required')
  assert.equal((await send(nonce)).status, 200)
  assert.equal((await send(nonce, await proofClient())).reason, 'proof-invalid')
  // The other tokens of the same response are no access tokens, with or without a proof.
  for (const other of [tokens.id_token, tokens.refresh_token]) {
    const own = await key.prove(other, { htu: `${url}/notes/x`, nonce })
    assert.equal((await enter({ authorization: `DPoP ${other}`, DPoP: own })).reason, 'token-invalid')
    assert.equal((await enter({ authorization: `Bearer ${other}` })).reason, 'token-invalid')
  }
})

test('Basic credentials of a client that must bind its tokens are refused: the gateway has no key of it', async () => {
  const admin = new KeycloakAdmin(keycloak)
  await admin.signIn()
  await admin.setClient('ci-service', { 'dpop.bound.access.tokens': 'true' })
  const { status, reason } = await enter({ authorization: `Basic ${btoa(`${CI.id}:${CI.secret}`)}` })
  assert.deepEqual([status, reason], [401, 'token-invalid'])
})
