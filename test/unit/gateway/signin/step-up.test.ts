import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer, unbent } from './fake-issuer.ts'
import { type Browser, type LoginKit, startLoginKit } from './kit.ts'

/** A sign-in for the administration console: the issuer must authenticate, and say when it did (OIDC Core §3.1.2.1). */
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
const START = '/auth/login?return_to=%2Fauth%2Fadmin%2Fwhy%3Fid%3D1&step_up=1'

/** Sends the browser through the issuer. */
async function login(browser: Browser, path = START) {
  const authorization = new URL((await browser.open(path)).get('location') ?? '')
  const { searchParams } = authorization
  const query = { code: fake.issue(authorization), state: searchParams.get('state') ?? '', iss: fake.url }
  const response = await browser.open(`/auth/callback?${new URLSearchParams(query)}`)
  return { maxAge: searchParams.get('max_age'), response }
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
  assert.deepEqual([response.status, browser.hasSession], [502, false])
  assert.match(response.text, /login-failed/)
})

test('an issuer that ignores max_age gives no session', async () => {
  const browser = kit.browser()
  fake.bent.claims = { auth_time: now() - 900 }
  const { response } = await login(browser)
  assert.deepEqual([response.status, browser.hasSession], [502, false])
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
    assert.deepEqual([response.status, stepUp.hasSession], [502, false])
    assert.equal((await login(plain, '/auth/login')).response.status, 303)
    assert.equal(await authenticatedAt(plain), undefined)
  })

test('an ordinary sign-in asks for no age, and remembers a time that the issuer sends anyway', async () => {
  const [plain, timed] = [kit.browser(), kit.browser()]
  assert.equal((await login(plain, '/auth/login')).maxAge, null)
  assert.equal(await authenticatedAt(plain), undefined)
  fake.bent.claims = { auth_time: now() - 5000 }
  const { response } = await login(timed, '/auth/login?step_up=0')
  assert.equal(response.status, 303)
  assert.equal(Math.round((Date.now() - ((await authenticatedAt(timed)) ?? 0)) / 1000) >= 5000, true)
})

test('the page that keeps the fragment keeps the wish for a fresh authentication', async () => {
  const page = await kit.browser().open(START, { 'sec-fetch-mode': 'navigate' })
  assert.match(page.text, /href="\/auth\/login\?return_to=[^"]*&amp;step_up=1&amp;start=1"/)
})

test('another host of the gateway leads to the public host with the same wish', async () => {
  const response = await kit.browser().open(START, { host: 'api.example' })
  assert.match(response.get('location') ?? '', /^https:\/\/o\.example\/auth\/login\?/)
})
