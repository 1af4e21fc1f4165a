import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer } from '../../signin/fake-issuer.ts'
import { startTokenKit, type TokenKit } from '../kit.ts'

/** What the responses of a token endpoint say: something about the client, or nothing. */
let fake: FakeIssuer
let kit: TokenKit
before(async () => {
  fake = await startFakeIssuer()
  kit = startTokenKit(fake, { limits: { badSecretsPerMinute: 10_000, badSecretsPerClientPerMinute: 10_000 } }, [
    'mlflow',
  ])
})
after(() => fake.close())

let secrets = 0
async function reasonFor(status: number, error: string, headers: Record<string, string> = {}): Promise<string> {
  fake.bent.token = () => ({ status, headers, body: { error } })
  secrets += 1
  const header = `Basic ${Buffer.from(`ci:secret-${secrets}`).toString('base64')}`
  return kit.authorize(header).then(
    () => 'accepted',
    ({ reason }) => reason,
  )
}

for (const code of [
  ...['invalid_client', 'unauthorized_client', 'invalid_grant', 'access_denied', 'invalid_scope', 'invalid_target'],
  ...['invalid_dpop_proof', 'use_dpop_nonce', 'invalid_request'],
])
  test(`${code} is about the client, except from a server with an error of its own`, async () => {
    for (const status of [400, 401, 403, 499]) assert.equal(await reasonFor(status, code), 'token-invalid', `${status}`)
    for (const status of [500, 503]) assert.equal(await reasonFor(status, code), 'issuer-down', `${status}`)
  })

for (const code of ['server_error', 'temporarily_unavailable', 'unsupported_grant_type', 'slow_down', 'INVALID_CLIENT'])
  test(`${code} says nothing about the client, except with 401`, async () => {
    for (const status of [400, 403, 429, 500, 503])
      assert.equal(await reasonFor(status, code), 'issuer-down', `${status}`)
    assert.equal(await reasonFor(401, code), 'token-invalid')
  })

test('a challenge is about the client with 401 alone', async () => {
  const challenge = { 'WWW-Authenticate': 'Basic realm="issuer"' }
  assert.equal(await reasonFor(401, 'server_error', challenge), 'token-invalid')
  for (const status of [400, 403, 407, 500])
    assert.equal(await reasonFor(status, 'invalid_client', challenge), 'issuer-down', `${status}`)
})

test('what is no error of OAuth says nothing about the client', async () => {
  for (const status of [200, 302, 400, 404, 500]) assert.equal(await reasonFor(status, ''), 'issuer-down', `${status}`)
})
