import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Answer, type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { machineClaims, startTokenKit, type TokenKit } from '../kit.ts'

let fake: FakeIssuer
let kit: TokenKit
/** Secrets by client ID, as the issuer knows them. */
let secrets: Map<string, string>

const WRONG: Answer = { status: 401, body: { error: 'invalid_client', error_description: 'not this one' } }

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  secrets = new Map([['ci-service', 'ci-secret']])
  fake.bent = unbent()
  fake.bent.token = grant()
  fake.tokenRequests.length = 0
  kit = startTokenKit(fake, {}, ['mlflow'])
})
after(() => fake.close())

/** The token endpoint's client-credentials grant. */
function grant(claims: Record<string, unknown> = {}, seconds = 300): () => Promise<Answer> {
  return async () => {
    const { form, authorization = '' } = fake.tokenRequests.at(-1) ?? assert.fail('no token request')
    assert.equal(form.get('grant_type'), 'client_credentials')
    const [id = '', secret] = decodeBasic(authorization)
    if (secrets.get(id) !== secret) return WRONG
    const token = {
      ...machineClaims(kit, id),
      exp: Math.floor(Date.now() / 1000) + 3600,
      jti: Math.random(),
      ...claims,
    }
    return { body: { access_token: await fake.sign(token), token_type: 'Bearer', expires_in: seconds } }
  }
}

const decodeBasic = (header: string) =>
  Buffer.from(header.slice(6), 'base64')
    .toString()
    .split(':')
    .map((each) => decodeURIComponent(each.replaceAll('+', ' ')))
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const RIGHT = basic('ci-service', 'ci-secret')

test('a client’s ID and secret become its own access token, requested once for 200 requests at a time', async () => {
  const callers = await Promise.all(Array.from({ length: 200 }, () => kit.authorize(RIGHT)))
  assert.equal(fake.tokenRequests.length, 1)
  const [caller] = callers
  assert.deepEqual([caller?.principal.kind, caller?.principal.clientId], ['machine', 'ci-service'])
  assert.equal(caller?.token?.split('.').length, 3)
})

test('Basic credentials are accepted only on routes that allow them', async () => {
  await assert.rejects(kit.authorize(RIGHT, 'core'), { reason: 'token-invalid' })
  kit = startTokenKit(fake)
  await assert.rejects(kit.authorize(RIGHT), { reason: 'token-invalid' })
  assert.equal(fake.tokenRequests.length, 0)
})

test('the token is replaced after four fifths of its lifetime, and after five minutes at the latest', async () => {
  fake.bent.token = grant({}, 100)
  await kit.authorize(RIGHT)
  kit.clock.ahead = 60_000 // the clock goes on meanwhile
  await kit.authorize(RIGHT)
  assert.equal(fake.tokenRequests.length, 1)
  kit.clock.ahead = 81_000
  fake.bent.token = grant({}, 3600)
  await kit.authorize(RIGHT)
  assert.equal(fake.tokenRequests.length, 2)
  kit.clock.ahead += 270_000
  await kit.authorize(RIGHT)
  assert.equal(fake.tokenRequests.length, 2)
  secrets.delete('ci-service') // the client is revoked: its token is used for five minutes at most
  kit.clock.ahead += 31_000
  await assert.rejects(kit.authorize(RIGHT), { reason: 'token-invalid' })
})

test('a wrong secret never gets the token of the right one, and causes one request in ten seconds', async () => {
  await kit.authorize(RIGHT)
  for (let i = 0; i < 5; i++)
    await assert.rejects(kit.authorize(basic('ci-service', 'wrong')), { reason: 'token-invalid' })
  assert.equal(fake.tokenRequests.length, 2)
  await kit.authorize(RIGHT)
  secrets.set('ci-service', 'wrong') // rotated: noticed after ten seconds
  kit.clock.ahead = 10_001
  await kit.authorize(basic('ci-service', 'wrong'))
})

test('a refusal has a Basic challenge, and the secret is not logged', async () => {
  await assert.rejects(kit.authorize(basic('ci-service', 'wr0ng-s3cret')), (error: Error & { headers?: unknown }) => {
    assert.deepEqual(error.headers, { 'WWW-Authenticate': 'Basic realm="modelops", charset="UTF-8"' })
    assert.ok(!JSON.stringify([kit.logged, error.message, String(error.cause)]).includes('wr0ng-s3cret'))
    return true
  })
})

test('credentials are sent unchanged: nothing is percent-decoded, further colons belong to the secret', async () => {
  for (const [id, secret] of [
    ['ci-service', 'a%41b+c'],
    ['ci-service', 'a:b::'],
    ['dienst-ä', 'gehéim ☃'],
  ] as const) {
    secrets.set(id, secret)
    const header = basic(id, secret)
    assert.equal((await kit.authorize(header)).principal.clientId, id)
  }
})

const malformed: [string, string][] = [
  ['no credentials', 'Basic'],
  ['no base64', 'Basic ***'],
  ['no colon', `Basic ${btoa('ci-service')}`],
  ['no client id', `Basic ${btoa(':ci-secret')}`],
  ['no secret', `Basic ${btoa('ci-service:')}`],
  ['a line break', `Basic ${btoa('ci-service:a\r\nb')}`],
  ['bytes that are no UTF-8', `Basic ${btoa('ci-service:\xff\xfe')}`],
  ['two credentials', `${RIGHT} ${RIGHT}`],
]
for (const [name, header] of malformed) {
  test(`refuses Basic with ${name} without a request to the issuer`, async () => {
    await assert.rejects(kit.authorize(header), { reason: 'token-invalid' })
    assert.equal(fake.tokenRequests.length, 0)
  })
}

test('an issuer that does not respond is an outage, never a wrong secret; the last token is used until it expires', async () => {
  for (const response of [{ status: 500, body: 'x' }, { status: 429, body: {} }, { body: 'no JSON' }]) {
    fake.bent.token = () => response
    await assert.rejects(kit.authorize(RIGHT), { reason: 'issuer-down', status: 503 })
  }
  fake.bent.token = grant({}, 100)
  await kit.authorize(RIGHT)
  fake.bent.token = () => ({ status: 500, body: 'x' })
  kit.clock.ahead = 99_000
  await kit.authorize(RIGHT)
  kit.clock.ahead = 101_000
  await assert.rejects(kit.authorize(RIGHT), { reason: 'issuer-down' })
})

const unfit: [string, Record<string, unknown>][] = [
  ['for another audience', { aud: 'airflow' }],
  ['about another client', { azp: 'other', preferred_username: 'service-account-other' }],
  ['about a person', { sid: 's', preferred_username: 'bob' }],
]
for (const [name, claims] of unfit) {
  test(`a token ${name} is refused`, async () => {
    fake.bent.token = grant(claims)
    await assert.rejects(kit.authorize(RIGHT), { reason: 'token-invalid' })
  })
}

test('a token of another type than Bearer is not used, and says nothing about the secret', async () => {
  fake.bent.token = async () => ({ body: { ...Object((await grant()()).body), token_type: 'DPoP' } })
  await assert.rejects(kit.authorize(RIGHT), { reason: 'issuer-down' })
  fake.bent.token = grant()
  await kit.authorize(RIGHT)
})

test('an issuer that requires a proof of the client’s key refuses the credentials', async () => {
  for (const error of ['invalid_dpop_proof', 'use_dpop_nonce', 'invalid_request']) {
    kit = startTokenKit(fake, {}, ['mlflow'])
    fake.bent.token = () => ({ status: 400, body: { error } })
    await assert.rejects(kit.authorize(RIGHT), { reason: 'token-invalid' })
  }
})

test('guesses are limited by address and by client; proven credentials are not locked out', async () => {
  const limits = { badSecretsPerMinute: 4, badSecretsPerClientPerMinute: 2 }
  kit = startTokenKit(fake, { limits }, ['mlflow'])
  await kit.authorize(RIGHT)
  const guess = (id: string, i: number, address?: string) => kit.authorize(basic(id, `guess-${i}`), 'mlflow', address)
  for (let i = 0; i < 2; i++) await assert.rejects(guess('ci-service', i), { status: 401 })
  await assert.rejects(
    guess('ci-service', 2),
    (error: Error & { status?: number; headers?: Record<string, string> }) => {
      assert.equal(error.status, 429)
      assert.ok(Number(error.headers?.['Retry-After']) > 50)
      return true
    },
  )
  await assert.rejects(guess('ci-service', 3, '192.0.2.9'), { status: 429 }) // the client, from any address
  await assert.rejects(guess('another', 4), { status: 401 })
  await assert.rejects(guess('a-third', 5), { status: 429 }) // the address, for any client
  kit.clock.ahead = 301_000
  await kit.authorize(RIGHT)
})

test('right credentials and outages use no attempt up', async () => {
  kit = startTokenKit(fake, { limits: { badSecretsPerMinute: 1, badSecretsPerClientPerMinute: 1 } }, ['mlflow'])
  fake.bent.token = () => ({ status: 500, body: 'x' })
  for (let i = 0; i < 3; i++) await assert.rejects(kit.authorize(RIGHT), { reason: 'issuer-down' })
  fake.bent.token = grant()
  for (let i = 0; i < 5; i++) {
    secrets.set(`client-${i}`, 's')
    await kit.authorize(basic(`client-${i}`, 's'))
  }
})

test('issuer.basicTokenParameters are sent to the token endpoint', async () => {
  kit = startTokenKit(fake, { issuer: { basicTokenParameters: { audience: 'gateway' } } }, ['mlflow'])
  await kit.authorize(RIGHT)
  assert.equal(fake.tokenRequests.at(-1)?.form.get('audience'), 'gateway')
})

test('a client whose service account was disabled is refused, and not served by its last token', async () => {
  await kit.authorize(RIGHT)
  kit.clock.ahead = 241_000 // the next token is due, and the last one has not expired
  fake.bent.token = () => ({ status: 401, body: { error: 'invalid_request', error_description: 'User disabled' } })
  await assert.rejects(kit.authorize(RIGHT), { reason: 'token-invalid' })
})
