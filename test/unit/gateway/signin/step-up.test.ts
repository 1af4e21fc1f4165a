import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { StepUp } from '../../../../src/gateway/policy/step-up.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from './fake-issuer.ts'
import { type Browser, type LoginKit, startLoginKit } from './kit.ts'

/** A sign-in for the administration console or a route: the issuer must authenticate as asked, and say so (RFC 9470). */
let fake: FakeIssuer
let kit: LoginKit
before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  kit = startLoginKit(fake, { console: { maxSignInAgeSeconds: 300 } })
})
after(() => fake.close())

const now = () => Math.floor(Date.now() / 1000)
const START = '/auth/login?return_to=%2Fauth%2Fadmin%2Fwhy%3Fid%3D1&step_up=%2Fauth%2Fadmin'

/** Sends the browser through the issuer. */
async function login(browser: Browser, path = START) {
  const authorization = new URL((await browser.open(path)).get('location') ?? '')
  const { searchParams } = authorization
  const query = { code: fake.issue(authorization), state: searchParams.get('state') ?? '', iss: fake.url }
  const response = await browser.open(`/auth/callback?${new URLSearchParams(query)}`)
  return { maxAge: searchParams.get('max_age'), acrValues: searchParams.get('acr_values'), response }
}

const authenticatedAt = async (browser: Browser) =>
  (await kit.deps.sessions.load(browser.cookieHeader))?.authenticatedAt

test('asks for an authentication of the configured age, and remembers when it was', async () => {
  const [browser, at] = [kit.browser(), now() - 20]
  fake.bent.claims = { auth_time: at }
  const { maxAge, response } = await login(browser)
  assert.deepEqual([maxAge, response.status, response.get('location')], ['300', 303, '/auth/admin/why?id=1'])
  assert.equal(await authenticatedAt(browser), at * 1000)
})

test('an issuer that does not say when it authenticated gives no session', async () => {
  const browser = kit.browser()
  const { response } = await login(browser)
  assert.deepEqual([response.status, browser.hasSession], [403, false])
  assert.match(response.text, /step-up-failed/)
})

test('an issuer that ignores max_age gives no session', async () => {
  const browser = kit.browser()
  fake.bent.claims = { auth_time: now() - 900 }
  const { response } = await login(browser)
  assert.deepEqual([response.status, browser.hasSession], [403, false])
})

test('the smaller limit counts where issuer.maxAgeSeconds is set as well', async () => {
  for (const [seconds, expected] of [
    [60, '60'],
    [5000, '300'],
  ] as const) {
    kit = startLoginKit(fake, { console: { maxSignInAgeSeconds: 300 }, issuer: { maxAgeSeconds: seconds } })
    const started = await kit.browser().open(START)
    assert.equal(new URL(started.get('location') ?? '').searchParams.get('max_age'), expected)
  }
})

test('a time in the future counts as now, as far as the clocks may differ', async () => {
  const browser = kit.browser()
  fake.bent.claims = { auth_time: now() + 30 }
  await login(browser)
  assert.ok(((await authenticatedAt(browser)) ?? Number.POSITIVE_INFINITY) <= Date.now())
})

for (const [name, at] of [
  ['tomorrow', () => now() + 86_400],
  ['in milliseconds', () => Date.now()],
] as const)
  test(`an authentication ${name} is none: a step-up gives no session, and a sign-in no time`, async () => {
    const [stepUp, plain] = [kit.browser(), kit.browser()]
    fake.bent.claims = { auth_time: at() }
    const { response } = await login(stepUp)
    assert.deepEqual([response.status, stepUp.hasSession], [403, false])
    assert.equal((await login(plain, '/auth/login')).response.status, 303)
    assert.equal(await authenticatedAt(plain), undefined)
  })

test('an ordinary sign-in asks for no age, and remembers a time that the issuer sends anyway', async () => {
  const [plain, timed] = [kit.browser(), kit.browser()]
  assert.equal((await login(plain, '/auth/login')).maxAge, null)
  assert.equal(await authenticatedAt(plain), undefined)
  fake.bent.claims = { auth_time: now() - 5000 }
  const { response } = await login(timed, '/auth/login?step_up=no-such-route')
  assert.equal(response.status, 303)
  assert.equal(Math.round((Date.now() - ((await authenticatedAt(timed)) ?? 0)) / 1000) >= 5000, true)
})

test('the page that keeps the fragment keeps the wish for a fresh authentication', async () => {
  const page = await kit.browser().open(START, { 'sec-fetch-mode': 'navigate' })
  assert.match(page.text, /href="\/auth\/login\?return_to=[^"]*&amp;step_up=%2Fauth%2Fadmin&amp;start=1"/)
})

test('another host of the gateway leads to the public host with the same wish', async () => {
  const response = await kit.browser().open(START, { host: 'api.example' })
  assert.match(response.get('location') ?? '', /^https:\/\/o\.example\/auth\/login\?.*&step_up=%2Fauth%2Fadmin$/)
})

const VAULT: StepUp = {
  acr: ['gold', 'hardware'],
  maxAgeSeconds: undefined,
  clockSkewSeconds: 60,
  permitsMachines: false,
}
const TO_VAULT = '/auth/login?return_to=%2Fops%2Fkeys%3Fid%3D1&step_up=vault'
const OTHER = { sub: 'somebody-else', preferred_username: 'mallory' }

const reasonOf = (page: string) => /<code>([a-z-]+)<\/code>/.exec(page)?.[1]

const sessionOf = (browser: Browser) => kit.deps.sessions.load(browser.cookieHeader)

/** A browser with an ordinary session, in a gateway with a route that demands more. */
async function signedIn(): Promise<Browser> {
  kit = startLoginKit(fake, {}, { stepUps: new Map([['vault', VAULT]]) })
  const browser = kit.browser()
  fake.bent.claims = { acr: 'silver' }
  assert.equal((await login(browser, '/auth/login')).response.status, 303)
  return browser
}

test('a route’s levels are requested, and the one that was reached is remembered', async () => {
  const browser = await signedIn()
  const before = await sessionOf(browser)
  assert.equal(before?.acr, 'silver')
  fake.bent.claims = { acr: 'hardware' }
  const { acrValues, maxAge, response } = await login(browser, TO_VAULT)
  assert.deepEqual([acrValues, maxAge, response.status], ['gold hardware', null, 303])
  assert.equal(response.get('location'), '/ops/keys?id=1')
  const after = await sessionOf(browser)
  assert.equal(after?.acr, 'hardware')
  assert.notEqual(after?.key, before?.key, 'no session id survives a sign-in')
})

test('the project that was selected stays selected', async () => {
  const browser = await signedIn()
  const before = await sessionOf(browser)
  assert.ok(before)
  await kit.deps.sessions.selectProject(before, 'p-1')
  fake.bent.claims = { acr: 'gold' }
  await login(browser, TO_VAULT)
  assert.equal((await sessionOf(browser))?.selectedProject, 'p-1')
})

for (const [name, claims] of [
  ['states a lower level', { acr: 'silver' }],
  ['states none', {}],
  ['states two', { acr: ['gold', 'silver'] }],
  ['states one in another case', { acr: 'Gold' }],
  ['states all that were asked for', { acr: 'gold hardware' }],
] as const)
  test(`an issuer that ${name} ends at a page, and the session stays`, async () => {
    const browser = await signedIn()
    const before = await sessionOf(browser)
    fake.bent.claims = claims
    const authorization = new URL((await browser.open(TO_VAULT)).get('location') ?? '')
    const query = {
      code: fake.issue(authorization),
      state: authorization.searchParams.get('state') ?? '',
      iss: fake.url,
    }
    const page = await browser.open(`/auth/callback?${new URLSearchParams(query)}`, {
      ...{ accept: 'text/html', 'sec-fetch-mode': 'navigate' },
    })
    assert.deepEqual([page.status, page.get('location')], [403, undefined])
    assert.match(page.text, /Required authentication level \(acr\): gold or hardware\./)
    assert.match(page.text, /href="\/auth\/login\?return_to=%2Fops%2Fkeys%3Fid%3D1&amp;step_up=vault"/)
    assert.equal((await sessionOf(browser))?.key, before?.key)
  })

test('a user who cancels, and an issuer that cannot, leave the session as it is', async () => {
  const browser = await signedIn()
  const before = await sessionOf(browser)
  for (const [error, reason] of [
    ['access_denied', 'login-refused'],
    ['unmet_authentication_requirements', 'step-up-failed'],
  ] as const) {
    const authorization = new URL((await browser.open(TO_VAULT)).get('location') ?? '')
    const query = { error, state: authorization.searchParams.get('state') ?? '', iss: fake.url }
    const { status, text } = await browser.open(`/auth/callback?${new URLSearchParams(query)}`)
    assert.deepEqual([status, reasonOf(text)], [403, reason])
  }
  assert.equal((await sessionOf(browser))?.key, before?.key)
  const plain = new URL((await browser.open('/auth/login')).get('location') ?? '')
  const query = {
    error: 'unmet_authentication_requirements',
    state: plain.searchParams.get('state') ?? '',
    iss: fake.url,
  }
  const { text } = await browser.open(`/auth/callback?${new URLSearchParams(query)}`)
  assert.equal(reasonOf(text), 'login-refused', 'an ordinary sign-in asks for no level')
})

test('another user cannot finish the step-up, neither beside the session nor after its end', async () => {
  const browser = await signedIn()
  const before = await sessionOf(browser)
  fake.bent.claims = { ...OTHER, acr: 'gold' }
  const beside = await login(browser, TO_VAULT)
  assert.deepEqual([beside.response.status, reasonOf(beside.response.text)], [403, 'step-up-failed'])
  assert.match(beside.response.text, /You signed in as another user/)
  assert.equal((await sessionOf(browser))?.key, before?.key)

  const authorization = new URL((await browser.open(TO_VAULT)).get('location') ?? '')
  await kit.deps.sessions.endByKey(before?.key ?? '')
  const query = { code: fake.issue(authorization), state: authorization.searchParams.get('state') ?? '', iss: fake.url }
  assert.equal((await browser.open(`/auth/callback?${new URLSearchParams(query)}`)).status, 403)
  assert.equal(await sessionOf(browser), undefined)
})

test('whoever is not signed in reaches the level with one sign-in', async () => {
  kit = startLoginKit(fake, {}, { stepUps: new Map([['vault', VAULT]]) })
  const browser = kit.browser()
  fake.bent.claims = { acr: 'gold' }
  const { acrValues, response } = await login(browser, TO_VAULT)
  assert.deepEqual([acrValues, response.status, (await sessionOf(browser))?.acr], ['gold hardware', 303, 'gold'])
})

test('the link decides no level: it names what demands one', async () => {
  await signedIn()
  const started = await kit.browser().open(`${TO_VAULT}&acr_values=none&max_age=99999`)
  const { searchParams } = new URL(started.get('location') ?? '')
  assert.deepEqual([searchParams.get('acr_values'), searchParams.get('max_age')], ['gold hardware', null])
})

test('what counts is the level that is configured when the user comes back', async () => {
  const stepUps = new Map([['vault', VAULT]])
  kit = startLoginKit(fake, {}, { stepUps })
  fake.bent.claims = { acr: 'gold' }
  for (const [rule, status] of [
    [undefined, 303],
    [{ ...VAULT, acr: ['platinum'] }, 403],
  ] as const) {
    stepUps.set('vault', VAULT)
    const browser = kit.browser()
    const authorization = new URL((await browser.open(TO_VAULT)).get('location') ?? '')
    stepUps.delete('vault')
    if (rule) stepUps.set('vault', rule)
    const query = {
      code: fake.issue(authorization),
      state: authorization.searchParams.get('state') ?? '',
      iss: fake.url,
    }
    assert.equal((await browser.open(`/auth/callback?${new URLSearchParams(query)}`)).status, status)
  }
})
