import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import request from 'supertest'
import { type FakeIssuer, startFakeIssuer, unbent } from '../fake-issuer.ts'
import { type Browser, type LoginKit, startLoginKit } from '../kit.ts'

/** The OpenID Foundation's back-channel logout plan, and its neighbours. */
let fake: FakeIssuer
let kit: LoginKit
let browser: Browser
let jti = 0

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(async () => {
  fake.bent = unbent()
  kit = startLoginKit(fake)
  browser = kit.browser()
  await browser.login(fake)
})
after(() => fake.close())

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const now = () => Math.floor(Date.now() / 1000)

const right = () => ({
  iss: fake.url,
  aud: fake.clientId,
  iat: now(),
  exp: now() + 120,
  jti: `jti-${jti++}`,
  sub: 'alice-sub',
  sid: 'issuer-session-1',
  events: { [EVENT]: {} },
})

const signed = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = { typ: 'logout+jwt' }) =>
  fake.sign({ ...right(), ...claims }, header)

const send = (logoutToken: string) =>
  request(kit.app).post('/auth/backchannel-logout').type('form').send({ logout_token: logoutToken })

const isAlive = async (of = browser) => (await kit.deps.sessions.load(of.cookieHeader)) !== undefined

test('a logout token with sid ends that session, and only that', async () => {
  fake.bent.claims = { sid: 'issuer-session-2' }
  const other = kit.browser()
  await other.login(fake)
  const response = await send(await signed())
  assert.equal(response.status, 200)
  assert.equal(response.get('cache-control'), 'no-store')
  assert.deepEqual([await isAlive(), await isAlive(other)], [false, true])
})

test('a logout token with only a sub ends every session of that user, and of no other user', async () => {
  fake.bent.claims = { sid: 'issuer-session-2' }
  const second = kit.browser()
  await second.login(fake)
  fake.bent.claims = { sub: 'bob-sub', sid: 'issuer-session-3' }
  const bob = kit.browser()
  await bob.login(fake)
  assert.equal((await send(await signed({ sid: undefined }))).status, 200)
  assert.deepEqual([await isAlive(), await isAlive(second), await isAlive(bob)], [false, false, true])
})

test('a logout token with the sid of one subject and the sub of another ends nothing', async () => {
  fake.bent.claims = { sub: 'bob-sub', sid: 'issuer-session-3' }
  const bob = kit.browser()
  await bob.login(fake)
  for (const mixed of [
    { sid: 'issuer-session-1', sub: 'bob-sub' },
    { sid: 'issuer-session-3', sub: 'alice-sub' },
    { sid: 'issuer-session-1', sub: 'nobody' },
    { sid: 'issuer-session-1', sub: '' },
  ]) {
    assert.equal((await send(await signed(mixed))).status, 200)
    assert.deepEqual([await isAlive(), await isAlive(bob)], [true, true], JSON.stringify(mixed))
  }
  assert.equal((await send(await signed({ sid: 'issuer-session-3', sub: 'bob-sub' }))).status, 200)
  assert.deepEqual([await isAlive(), await isAlive(bob)], [true, false])
})

test('a logout token with only a sid ends the session that started with it', async () => {
  assert.equal((await send(await signed({ sub: undefined }))).status, 200)
  assert.equal(await isAlive(), false)
})

test('after a rotation of the single key, logout tokens with and without a key ID are accepted', async () => {
  await fake.rotate('key-of-the-logout')
  assert.equal((await send(await signed({ sid: 'issuer-session-9' }, { kid: undefined }))).status, 200)
  assert.equal((await send(await signed())).status, 200)
  assert.equal(await isAlive(), false)
})

test('a session that has already ended is not an error', async () => {
  await browser.post('/auth/logout')
  assert.equal((await send(await signed())).status, 200)
})

test('a token without typ is accepted', async () => {
  assert.equal((await send(await signed({}, {}))).status, 200)
})

const refused: [string, () => Promise<string>][] = [
  ['alg none', async () => unsigned({ alg: 'none', typ: 'logout+jwt' })],
  [
    'HS256 with the client secret',
    () => new SignJWT(right()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(fake.secret)),
  ],
  ['a foreign key', async () => fake.sign(right(), {}, (await generateKeyPair('RS256')).privateKey)],
  ['another iss', () => signed({ iss: 'https://evil.example' })],
  ['another aud', () => signed({ aud: 'another-client' })],
  ['no aud', () => signed({ aud: undefined })],
  ['no iat', () => signed({ iat: undefined })],
  ['an old iat', () => signed({ iat: now() - 1000 })],
  ['an iat in the future', () => signed({ iat: now() + 120 })],
  ['no exp', () => signed({ exp: undefined })],
  ['exp in the past', () => signed({ exp: now() - 120 })],
  ['no jti', () => signed({ jti: undefined })],
  ['no events', () => signed({ events: undefined })],
  ['another event', () => signed({ events: { 'http://schemas.openid.net/event/other': {} } })],
  ['an event that is not an object', () => signed({ events: { [EVENT]: true } })],
  ['events as a list', () => signed({ events: [EVENT] })],
  ['a nonce', () => signed({ nonce: 'n' })],
  ['neither sid nor sub', () => signed({ sid: undefined, sub: undefined })],
  ['a sid that is a number', () => signed({ sid: 7 })],
  ['a sub that is a number', () => signed({ sub: 7 })],
  ['the typ of a security event', () => signed({}, { typ: 'secevent+jwt' })],
  ['a typ that is a number', () => signed({}, { typ: 7 })],
  ['the typ of an access token', () => signed({}, { typ: 'at+jwt' })],
  ['no token at all', async () => ''],
  ['no JWT', async () => 'hello'],
]
for (const [name, make] of refused) {
  test(`a logout token with ${name} is denied with 400 and ends nothing`, async () => {
    const response = await send(await make())
    assert.equal(response.status, 400, response.text)
    assert.equal(response.body.reason, 'request-malformed')
    assert.equal(response.get('cache-control'), 'no-store')
    assert.ok(await isAlive())
  })
}

function unsigned(header: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(right())}.`
}

test('an ID token is not a logout token', async () => {
  const session = await kit.deps.sessions.load(browser.cookieHeader)
  assert.equal((await send(session?.tokens.idToken ?? '')).status, 400)
  assert.ok(await isAlive())
})

test('a logout token is accepted once', async () => {
  const token = await signed({ sid: undefined })
  assert.equal((await send(token)).status, 200)
  await browser.login(fake)
  assert.equal((await send(token)).status, 400)
  assert.ok(await isAlive())
})

test('a logout token is accepted once for as long as issuer.clockSkewSeconds allows it', async () => {
  kit = startLoginKit(fake, { issuer: { clockSkewSeconds: 200 } })
  const token = await signed({ iat: now() + 190, exp: now() + 3600 })
  assert.equal((await send(token)).status, 200)
  kit.clock.ahead = 670_000
  const replay = await send(token)
  assert.equal(replay.status, 400)
  assert.equal((await send(await signed({ iat: now() + 190, exp: now() + 3600 }))).status, 200, 'a new one is fresh')
})

test('only a form with exactly one token is accepted', async () => {
  const token = await signed()
  const post = () => request(kit.app).post('/auth/backchannel-logout')
  assert.equal((await post().send({ logout_token: token })).status, 400)
  assert.equal((await post().type('form').send(`logout_token=${token}&logout_token=${token}`)).status, 400)
  assert.equal((await post().type('form').send('')).status, 400)
  assert.equal((await request(kit.app).get(`/auth/backchannel-logout?logout_token=${token}`)).status, 405)
  assert.ok(await isAlive())
})

test('while the keys cannot be loaded the response tells the issuer to try again', async () => {
  kit = startLoginKit(fake)
  fake.bent.jwks = { status: 500, body: 'oops' }
  const response = await send(await signed())
  assert.equal(response.status, 503)
  assert.equal(response.get('retry-after'), '5')
})
