import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import request from 'supertest'
import { Sessions } from '../../../../../src/gateway/sessions/sessions.ts'
import { StoreDown } from '../../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../../src/gateway/sessions/stores/memory.ts'
import { type MisbehavingIssuer, startMisbehavingIssuer } from '../../../../misbehaving-issuer/issuer.ts'
import type { Misbehaviour } from '../../../../misbehaving-issuer/misbehaviour.ts'
import { SESSION_ID } from '../../../../misbehaving-issuer/tokens.ts'
import { type Stage, setUp, signIn } from '../../misbehaving-issuer/play.ts'
import { type Browser, startLoginKit } from '../kit.ts'

let issuer: MisbehavingIssuer
let stage: Stage

before(async () => {
  issuer = await startMisbehavingIssuer()
})
beforeEach(async () => {
  stage = await signedIn({})
})
after(() => issuer.close())

async function signedIn(misbehaviour: Misbehaviour): Promise<Stage> {
  const one = setUp(issuer, 'frontchannel', misbehaviour)
  assert.equal((await signIn(one)).status, 303)
  return one
}

const announcing = (changes: Record<string, unknown>) => signedIn({ metadata: (right) => ({ ...right, ...changes }) })

const query = (changes: Record<string, string> = {}) =>
  `/auth/frontchannel-logout?${new URLSearchParams({ iss: stage.at.url, sid: SESSION_ID, ...changes })}`

const isAlive = async ({ cookieHeader }: Browser) => (await stage.kit.deps.sessions.load(cookieHeader)) !== undefined

/** A frame of another site: no cookie is sent. */
const openWithoutCookie = (path: string) => request(stage.kit.app).get(path).set({ host: 'o.example' })

test('a frame of the issuer ends the session of the browser that began in its session', async () => {
  const { cookieHeader } = stage.browser
  const response = await stage.browser.open(query())
  assert.equal(response.status, 200)
  assert.match(response.text, /Your session at this gateway has ended/)
  assert.equal(await stage.kit.deps.sessions.load(cookieHeader), undefined)
  assert.equal(stage.browser.hasSession, false, 'the cookie is deleted')
  assert.ok((response.get('Set-Cookie') ?? []).includes('_token=; Path=/airflow/; Max-Age=0'))
  assert.deepEqual(
    stage.kit.logged
      .filter(({ event }) => event === 'frontchannel-logout')
      .map(({ ended, subject }) => [ended, subject]),
    [[1, 'alice-sub']],
  )
})

test('only pages of the issuer may show it in a frame, and nobody may store it', async () => {
  const response = await stage.browser.open(query())
  const policy = response.get('content-security-policy') ?? ''
  assert.ok(policy.includes(`frame-ancestors ${new URL(stage.at.url).origin};`), policy)
  assert.equal(response.get('cache-control'), 'no-store')
  assert.equal(response.get('referrer-policy'), 'no-referrer', 'the sid stays out of other logs')

  stage = await announcing({ end_session_endpoint: 'https://logout.example/end' })
  const elsewhere = (await stage.browser.open(query())).get('content-security-policy') ?? ''
  assert.ok(elsewhere.includes(`frame-ancestors ${new URL(stage.at.url).origin} https://logout.example;`), elsewhere)
})

test('a session that began in another session at the issuer continues', async () => {
  const response = await stage.browser.open(query({ sid: 'another' }))
  assert.equal(response.status, 200)
  assert.match(response.text, /Nothing to sign out/)
  assert.equal(response.get('Set-Cookie'), undefined)
  assert.ok(await isAlive(stage.browser))
})

test('a session without a sid continues', async () => {
  stage = await signedIn({ claims: { sid: undefined } })
  for (const sid of [SESSION_ID, 'undefined', 'null']) await stage.browser.open(query({ sid }))
  assert.ok(await isAlive(stage.browser))
})

const malformed: [string, () => string][] = [
  ['no sid', () => `/auth/frontchannel-logout?iss=${encodeURIComponent(stage.at.url)}`],
  ['no iss', () => `/auth/frontchannel-logout?sid=${SESSION_ID}`],
  ['neither', () => '/auth/frontchannel-logout'],
  ['an empty sid', () => query({ sid: '' })],
  ['another iss', () => query({ iss: 'https://evil.example' })],
  ['an iss with a slash', () => query({ iss: `${stage.at.url}/` })],
  ['two values of sid', () => `${query()}&sid=${SESSION_ID}`],
  ['two values of iss', () => `${query()}&iss=x`],
]
for (const [name, path] of malformed) {
  test(`a request with ${name} is denied and ends nothing`, async () => {
    const response = await stage.browser.open(path())
    assert.equal(response.status, 400)
    assert.ok(response.text.includes('<code>request-malformed</code>'))
    assert.match(response.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    assert.equal((await openWithoutCookie(path())).status, 400)
    assert.ok(await isAlive(stage.browser))
  })
}

test('without a cookie the session is found by its sid, at an issuer without back-channel logout', async () => {
  assert.match((await openWithoutCookie(query({ sid: 'guessed' }))).text, /Nothing to sign out/)
  assert.ok(await isAlive(stage.browser))
  const response = await openWithoutCookie(query())
  assert.match(response.text, /Your session at this gateway has ended/)
  assert.equal(response.get('Set-Cookie'), undefined)
  assert.equal(await isAlive(stage.browser), false)
})

test('at an issuer with back-channel logout, whoever knows a sid ends nothing without the cookie', async () => {
  stage = await announcing({ backchannel_logout_supported: true })
  assert.match((await openWithoutCookie(query())).text, /Nothing to sign out/)
  assert.ok(await isAlive(stage.browser))
  await stage.browser.open(query())
  assert.equal(await isAlive(stage.browser), false)
})

test('guesses of a sid are limited by client address', async () => {
  const { loginsPerMinute } = stage.kit.deps.config.limits
  for (let i = 0; i < loginsPerMinute; i++) await openWithoutCookie(query({ sid: `guess-${i}` }))
  assert.equal((await openWithoutCookie(query())).status, 429)
  assert.ok(await isAlive(stage.browser))
  assert.equal((await stage.browser.open(query())).status, 200, 'a browser with its session is not limited')
})

test('at an issuer that announces no front-channel logout there is no such endpoint', async () => {
  for (const frontchannel_logout_supported of [undefined, false, 'true']) {
    stage = await announcing({ frontchannel_logout_supported })
    assert.equal((await stage.browser.open(query())).status, 404)
    assert.ok(await isAlive(stage.browser))
  }
})

test('only GET ends a session', async () => {
  for (const method of ['head', 'post', 'put', 'delete'] as const) {
    const headers = { host: 'o.example', cookie: stage.browser.cookieHeader }
    const response = await request(stage.kit.app)[method](query()).set(headers)
    assert.equal(response.status, 405, method)
    assert.equal(response.get('allow'), 'GET')
  }
  assert.ok(await isAlive(stage.browser))
})

test('a browser that is signed out already gets no error', async () => {
  await stage.browser.open(query())
  assert.equal((await stage.browser.open(query())).status, 200)
})

test('while the store is down, the response says so and the cookie stays', async () => {
  const backend = new MemoryBackend(Date.now)
  const { config, log } = stage.kit.deps
  const kit = startLoginKit(stage.at, {}, { sessions: new Sessions({ config, backend, log, clock: Date.now }) })
  stage = { at: stage.at, kit, browser: kit.browser() }
  await signIn(stage)
  backend.endBySid = () => Promise.reject(new StoreDown('gone'))
  const response = await stage.browser.open(query())
  assert.equal(response.status, 503)
  assert.ok(stage.browser.hasSession)
})
