import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Refusal } from '../../../../src/gateway/errors.ts'
import type { Session } from '../../../../src/gateway/sessions/session.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../signin/fake-issuer.ts'
import { type LoginKit, startLoginKit } from '../signin/kit.ts'

let fake: FakeIssuer
let kit: LoginKit
let session: Session

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(async () => {
  fake.bent = unbent()
  kit = startLoginKit(fake)
  const browser = kit.browser()
  await browser.login(fake)
  const loaded = await kit.deps.sessions.load(browser.cookieHeader)
  assert.ok(loaded)
  session = loaded
  fake.tokenRequests.length = 0
  fake.userinfoRequests.count = 0
})
after(() => fake.close())

const refresh = (of = session) => kit.deps.issuer.refresh(of)

async function refreshed() {
  const result = await refresh()
  assert.notEqual(result, 'ended')
  if (result === 'ended') throw new Error('ended')
  return result
}

test('a refresh returns new tokens, and groups are read again', async () => {
  fake.bent.claims = { groups: ['project-beta'] }
  fake.bent.token = (right) => ({
    body: { ...right, access_token: 'access-token-2', refresh_token: 'refresh-token-2' },
  })
  const { principal, tokens } = await refreshed()
  assert.deepEqual([...principal.groups], ['project-beta'])
  assert.equal(tokens.accessToken, 'access-token-2')
  assert.equal(tokens.refreshToken, 'refresh-token-2', 'the rotated token is kept')
  assert.ok(tokens.accessExpiresAt > Date.now() + 290_000)
  const { form } = fake.tokenRequests[0] ?? {}
  assert.equal(form?.get('grant_type'), 'refresh_token')
  assert.equal(form?.get('refresh_token'), 'refresh-token-1')
})

test('a new ID token that says another level takes the level away; it never gives one', async () => {
  for (const [has, says, loses] of [
    ['gold', 'gold', false],
    ['gold', undefined, false],
    ['gold', 'silver', true],
    [undefined, 'gold', true],
    ['gold', 1, true],
  ] as const) {
    fake.bent.claims = says === undefined ? {} : { acr: says, auth_time: Math.floor(Date.now() / 1000) }
    const { acr: _, ...rest } = session
    const result = await refresh(has === undefined ? rest : { ...rest, acr: has })
    assert.ok(result !== 'ended')
    assert.equal(result.losesAcr, loses, `${has}, ${says}`)
    assert.deepEqual(Object.keys(result).sort(), ['losesAcr', 'principal', 'tokens'])
  }
})

test('a refresh token that is not rotated is kept', async () => {
  fake.bent.token = ({ refresh_token: _, ...rest }) => ({ body: rest })
  assert.equal((await refreshed()).tokens.refreshToken, 'refresh-token-1')
})

test('without a new ID token the groups come from userinfo, and the old ID token is kept for signing out', async () => {
  fake.bent.token = ({ id_token: _, ...rest }) => ({ body: rest })
  fake.bent.userinfo = { body: { sub: 'alice-sub', groups: ['project-beta'] } }
  const { principal, tokens } = await refreshed()
  assert.deepEqual([...principal.groups], ['project-beta'])
  assert.equal(principal.issuer, fake.url)
  assert.equal(tokens.idToken, session.tokens.idToken)
})

test('userinfo about another subject changes nothing', async () => {
  fake.bent.token = ({ id_token: _, ...rest }) => ({ body: rest })
  fake.bent.userinfo = { body: { sub: 'bob-sub', groups: ['modelops-admins'] } }
  assert.equal((await refreshed()).principal, session.principal)
})

for (const claims of [{ iss: 'https://evil.example' }, { sub: 'bob-sub' }, { aud: 'another-client' }]) {
  test(`a refresh whose ID token has ${JSON.stringify(claims)} is not accepted, and ends nothing`, async () => {
    fake.bent.claims = claims
    await assert.rejects(refresh(), (error) => error instanceof Refusal && error.reason === 'login-failed')
  })
}

test('invalid_grant ends the session', async () => {
  fake.bent.token = () => ({ status: 400, body: { error: 'invalid_grant' } })
  assert.equal(await refresh(), 'ended')
})

for (const [name, token] of [
  ['500', () => ({ status: 500, body: { error: 'invalid_grant' } })],
  ['503', () => ({ status: 503, body: 'busy' })],
  ['429', () => ({ status: 429, body: { error: 'slow_down' } })],
  ['HTML', () => ({ body: '<html></html>' })],
] as const) {
  test(`an issuer that responds to a refresh with ${name} ends nothing`, async () => {
    fake.bent.token = token
    await assert.rejects(refresh(), { name: 'Refusal' })
  })
}

test('an issuer that cannot be reached is an outage', async () => {
  const sleeper = await startFakeIssuer()
  kit = startLoginKit(sleeper)
  await kit.deps.issuer.configuration()
  await sleeper.close()
  await assert.rejects(refresh(), (error) => error instanceof Refusal && error.reason === 'issuer-down')
})

test('userinfo is requested at sign-in only if the ID token has no groups claim', async () => {
  await kit.browser().login(fake)
  assert.equal(fake.userinfoRequests.count, 0)

  fake.bent.claims = { groups: undefined, email: undefined }
  fake.bent.userinfo = {
    body: { sub: 'alice-sub', groups: ['project-beta'], email: 'other@example.org', name: 'Mallory' },
  }
  const browser = kit.browser()
  await browser.login(fake)
  const principal = (await kit.deps.sessions.load(browser.cookieHeader))?.principal
  assert.deepEqual([...(principal?.groups ?? [])], ['project-beta'])
  assert.equal(principal?.name, 'Alice Example', 'the ID token wins')
  assert.equal(principal?.email, 'other@example.org')
})

test('userinfo about another subject is ignored and gives no groups', async () => {
  fake.bent.claims = { groups: undefined }
  fake.bent.userinfo = { body: { sub: 'bob-sub', groups: ['modelops-admins'] } }
  const browser = kit.browser()
  await browser.login(fake)
  const principal = (await kit.deps.sessions.load(browser.cookieHeader))?.principal
  assert.equal(principal?.subject, 'alice-sub')
  assert.deepEqual([...(principal?.groups ?? [])], [])
  assert.ok(kit.logged.some(({ event }) => event === 'userinfo-refused'))
})

test('userinfo that denies the access token leaves a user without groups, but signed in', async () => {
  fake.bent.claims = { groups: undefined }
  fake.bent.userinfo = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: '' }
  const browser = kit.browser()
  await browser.login(fake)
  const principal = (await kit.deps.sessions.load(browser.cookieHeader))?.principal
  assert.equal(principal?.subject, 'alice-sub')
  assert.deepEqual([...(principal?.groups ?? [])], [])
})

test('userinfo that is down is an outage, not a user without groups', async () => {
  fake.bent.claims = { groups: undefined }
  fake.bent.userinfo = { status: 503, body: 'busy' }
  const browser = kit.browser()
  assert.equal((await browser.login(fake)).status, 503)
  assert.equal(browser.hasSession, false)
})

test('an issuer without userinfo and groups claim means no groups', async () => {
  fake.bent.metadata = { userinfo_endpoint: undefined }
  fake.bent.claims = { groups: undefined }
  kit = startLoginKit(fake)
  const browser = kit.browser()
  assert.equal((await browser.login(fake)).status, 303)
})
