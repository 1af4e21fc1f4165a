import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { Issuer } from '../../../../src/gateway/issuer/issuer.ts'
import type { IssuerFetch } from '../../../../src/gateway/issuer/issuer-fetch.ts'
import { IssuerRequests } from '../../../../src/gateway/issuer/issuer-requests.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../signin/fake-issuer.ts'
import { startLoginKit, testConfig } from '../signin/kit.ts'

let fake: FakeIssuer

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
})
after(() => fake.close())

const log = pino({ level: 'silent' })

function issuerOf(over: Record<string, unknown> = {}, url = fake.url) {
  const clock = { now: Date.now() }
  const config = testConfig({ ...fake, url }, { issuer: over })
  return { clock, issuer: new Issuer({ config, log, clock: () => clock.now }) }
}

const isDown = (error: unknown) => error instanceof Refusal && error.reason === 'issuer-down'

test('an issuer is discovered when it is needed first', async () => {
  const { issuer } = issuerOf()
  assert.equal(issuer.ready, false)
  await issuer.configuration()
  assert.equal(issuer.ready, true)
  assert.equal(issuer.fault, undefined)
})

const badMetadata: [string, Record<string, unknown>, RegExp][] = [
  ['another issuer', { issuer: 'https://evil.example' }, /issuer/],
  ['no authorization endpoint', { authorization_endpoint: undefined }, /authorization_endpoint/],
  ['a token endpoint that is not a URL', { token_endpoint: 'token' }, /token_endpoint/],
  ['no jwks_uri', { jwks_uri: undefined }, /jwks_uri/],
  ['PKCE plain only', { code_challenge_methods_supported: ['plain'] }, /S256/],
  ['no PKCE at all', { code_challenge_methods_supported: undefined }, /S256/],
]
for (const [name, metadata, fault] of badMetadata) {
  test(`metadata with ${name} is not accepted`, async () => {
    fake.bent.metadata = metadata
    const { issuer } = issuerOf()
    await assert.rejects(issuer.configuration(), isDown)
    assert.equal(issuer.ready, false)
    assert.match(issuer.fault ?? '', fault)
  })
}

test('the issuer in the metadata is compared as a string', async () => {
  fake.bent.metadata = { issuer: `${fake.url}/` }
  const { issuer } = issuerOf()
  await assert.rejects(issuer.configuration(), isDown)
  assert.match(issuer.fault ?? '', /expected exactly/)
})

test('an issuer without S256 is accepted if issuer.requirePkce is false, and S256 is still sent', async () => {
  fake.bent.metadata = { code_challenge_methods_supported: undefined }
  const kit = startLoginKit(fake, { issuer: { requirePkce: false } })
  const { authorization } = await kit.browser().startLogin(fake)
  assert.equal(authorization.searchParams.get('code_challenge_method'), 'S256')
})

test('an issuer that is down is called at most once a second, and is discovered when it is back', async () => {
  const sleeper = await startFakeIssuer()
  const { issuer, clock } = issuerOf({}, sleeper.url)
  sleeper.bent.metadata = { issuer: 'https://not.yet' }
  await assert.rejects(issuer.configuration(), isDown)
  sleeper.bent = unbent()
  clock.now += 999
  await assert.rejects(issuer.configuration(), isDown)
  clock.now += 1
  await issuer.configuration()
  assert.equal(issuer.ready, true)
  await sleeper.close()
})

test('discovery in the background finds an issuer that comes up later', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sleeper = await startFakeIssuer()
  sleeper.bent.metadata = { issuer: 'https://not.yet' }
  const { issuer } = issuerOf({}, sleeper.url)
  issuer.start()
  await assert.rejects(issuer.configuration(), isDown)
  assert.ok(issuer.fault)
  sleeper.bent = unbent()
  await settle()
  t.mock.timers.tick(500)
  for (let i = 0; i < 200 && !issuer.ready; i++) await settle()
  assert.equal(issuer.ready, true)
  issuer.close()
  await sleeper.close()
})

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('while the issuer is down, the start of a sign-in is an error page and a callback keeps its sign-in', async () => {
  const down = { ...fake, url: 'http://127.0.0.1:9' }
  const browser = startLoginKit(down).browser()
  const response = await browser.open('/auth/login')
  assert.equal(response.status, 503)
  assert.equal(response.get('retry-after'), '5')
  assert.ok(response.text.includes('<code>issuer-down</code>'))
  assert.equal(response.get('Set-Cookie'), undefined)
})

test('plain http to an issuer outside loopback is denied unless server.insecureHttp allows it', async () => {
  const asked: string[] = []
  const fetch: IssuerFetch = async (url) => {
    asked.push(url)
    throw new TypeError('no response', { cause: new Error('connect ECONNREFUSED') })
  }
  const requests = Object.assign(new IssuerRequests(), { fetch })
  const { config } = startLoginKit(fake).deps
  for (const insecureHttp of [false, true]) {
    const server = { ...config.server, insecureHttp }
    const plain = { server, issuer: { ...config.issuer, url: 'http://sso.example' } }
    await assert.rejects(new Issuer({ config: plain, log, clock: Date.now, requests }).configuration(), isDown)
    assert.equal(asked.length, insecureHttp ? 1 : 0)
  }
})

test('keys are loaded once, again after ten minutes of use, and stay usable while the issuer is down', async () => {
  const kit = startLoginKit(fake)
  const loads = () => fake.jwksRequests.count
  const before = loads()
  for (let i = 0; i < 3; i++) await kit.browser().login(fake)
  assert.equal(loads() - before, 1)
  const keys = await kit.deps.issuer.keys()
  kit.clock.ahead = 601_000
  fake.bent.jwks = { status: 500, body: 'oops' }
  await keys.find({ alg: 'RS256', kid: 'key-1' }, { payload: '', signature: '' })
  for (let i = 0; i < 100 && loads() - before < 2; i++) await settle()
  assert.equal(loads() - before, 2)
  await settle()
  await keys.find({ alg: 'RS256', kid: 'key-1' }, { payload: '', signature: '' })
})

test('unknown key IDs of bearer tokens cannot make the gateway load keys repeatedly', async () => {
  const kit = startLoginKit(fake)
  const keys = await kit.deps.issuer.keys()
  const before = fake.jwksRequests.count
  for (let i = 0; i < 20; i++) {
    await assert.rejects(async () => keys.find({ alg: 'RS256', kid: `unknown-${i}` }, { payload: '', signature: '' }))
  }
  assert.equal(fake.jwksRequests.count - before, 1)
})

test('while the keys cannot be loaded, many tokens cause one request to the issuer in five seconds', async () => {
  const kit = startLoginKit(fake)
  const keys = await kit.deps.issuer.keys()
  fake.bent.jwks = { status: 500, body: 'oops' }
  const before = fake.jwksRequests.count
  const find = async () => keys.find({ alg: 'RS256', kid: 'key-1' }, { payload: '', signature: '' })
  for (let i = 0; i < 20; i++) await assert.rejects(find)
  assert.equal(fake.jwksRequests.count - before, 1)
  fake.bent.jwks = undefined
  await assert.rejects(find)
  kit.clock.ahead = 5000
  await find()
})

test('an issuer that is closed during an attempt is not asked again', async (t) => {
  let requests = 0
  const silent = createServer((socket) => {
    requests += 1
    setTimeout(() => socket.destroy(), 100)
  }).listen(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const { issuer } = issuerOf({}, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  issuer.start()
  await once(silent, 'connection')
  issuer.close()
  await sleep(2500) // the first retry is due after a second
  assert.equal(requests, 1)
})
