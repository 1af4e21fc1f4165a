import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as later } from 'node:timers/promises'
import request from 'supertest'
import { type FakeIssuer, startFakeIssuer, unbent } from './fake-issuer.ts'
import { type LoginKit, PUBLIC, startLoginKit } from './kit.ts'

let fake: FakeIssuer
let kit: LoginKit

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  fake.tokenRequests.length = 0
  kit = startLoginKit(fake)
})
after(() => fake.close())

/** Sends the issuer's answer, changed by `bend`, and expects a clean refusal without a session. */
async function assertRefused(reason: string, status: number, bend: (answer: URLSearchParams) => void) {
  const browser = kit.browser()
  const { answer } = await browser.startLogin(fake, '/mlflow/')
  bend(answer)
  const response = await browser.open(`/auth/callback?${answer}`)
  assert.equal(response.status, status, response.text)
  assert.ok(response.text.includes(`<code>${reason}</code>`), `expected ${reason}`)
  assert.ok(response.text.includes(response.get('x-request-id') ?? 'none'), 'the page shows the request id')
  assert.equal(response.get('location'), undefined, 'no loop')
  assert.equal(response.get('cache-control'), 'no-store')
  assert.equal(browser.hasSession, false)
  return response
}

test('a sign-in ends at the deep link with a session and without its own cookie', async () => {
  const browser = kit.browser()
  const response = await browser.login(fake, '/mlflow/?a=b#/experiments/1')
  assert.equal(response.status, 303)
  assert.equal(response.get('location'), '/mlflow/?a=b#/experiments/1')
  assert.equal(response.get('cache-control'), 'no-store')
  assert.equal(response.get('referrer-policy'), 'no-referrer')
  assert.deepEqual(browser.loginCookies, [])
  const session = await kit.deps.sessions.load(browser.cookieHeader)
  assert.equal(session?.principal.subject, 'alice-sub')
  assert.equal(session?.principal.issuer, fake.url)
  assert.deepEqual([...(session?.principal.groups ?? [])], ['project-alpha'])
  assert.equal(session?.sid, 'issuer-session-1')
})

const without: [string, Record<string, unknown>, Record<string, Record<string, unknown>>, string, RegExp][] = [
  [
    'no groups claim',
    { groups: undefined },
    {},
    'no-groups-claim',
    /^ID token has no claim `groups`; claims present: .*\bsub\b/,
  ],
  ['an empty list', { groups: [] }, {}, 'no-groups-claim', /contains no usable group/],
  [
    'other groups',
    { groups: ['x', 'y', 'z'] },
    {},
    'no-matching-group',
    /^none of 3 groups belongs to a project: x, y, z$/,
  ],
  [
    'paths of groups',
    { groups: ['/project-alpha'] },
    {},
    'no-matching-group',
    /issuer\.groups\.normalize to keycloak-path$/,
  ],
  [
    'more groups than fit',
    { groups: undefined, _claim_names: { groups: 'src1' } },
    {},
    'groups-overage',
    /too many groups/,
  ],
]
for (const [name, claims, over, cause, detail] of without) {
  test(`a sign-in with ${name} is logged and counted once, without values of other claims`, async () => {
    const counted: string[] = []
    kit = startLoginKit(fake, over, { countWithoutProject: (one) => void counted.push(one) })
    fake.bent = { ...unbent(), claims }
    await kit.browser().login(fake)
    const lines = kit.logged.filter(({ event }) => event === 'sign-in-without-project')
    assert.deepEqual([counted, lines.map((line) => line.cause)], [[cause], [cause]])
    assert.match(String(lines[0]?.msg), detail)
    assert.ok(!JSON.stringify(lines).includes('alice@'), 'no e-mail address')
  })
}

test('a path of Keycloak is a project group where issuer.groups says so', async () => {
  kit = startLoginKit(fake, { issuer: { groups: { normalize: 'keycloak-path' } } })
  fake.bent = { ...unbent(), claims: { groups: ['/project-alpha'] } }
  const browser = kit.browser()
  await browser.login(fake)
  assert.deepEqual(
    [...((await kit.deps.sessions.load(browser.cookieHeader))?.principal.groups ?? [])],
    ['project-alpha'],
  )
  assert.equal(kit.logged.filter(({ event }) => event === 'sign-in-without-project').length, 0)
})

test('the client authenticates at the token endpoint with Basic, encoded credentials and the verifier', async () => {
  await kit.browser().login(fake)
  const asked = fake.tokenRequests[0]
  const [user, password] = Buffer.from(asked?.authorization?.slice(6) ?? '', 'base64')
    .toString()
    .split(':')
  assert.equal(user, 'gateway')
  assert.equal(password, new URLSearchParams([['', fake.secret]]).toString().slice(1))
  assert.equal(asked?.form.get('redirect_uri'), `${PUBLIC}/auth/callback`)
  assert.equal(asked?.form.get('code_verifier')?.length, 43)
  assert.equal(asked?.form.has('client_secret'), false)
})

test('client_secret_post is used if it is configured', async () => {
  kit = startLoginKit(fake, { issuer: { clientAuthentication: 'client_secret_post' } })
  await kit.browser().login(fake)
  assert.equal(fake.tokenRequests[0]?.form.get('client_secret'), fake.secret)
  assert.equal(fake.tokenRequests[0]?.authorization, undefined)
})

const bent: [string, string, number, (answer: URLSearchParams) => void][] = [
  ['no state', 'login-expired', 400, (answer) => answer.delete('state')],
  ['an empty state', 'login-expired', 400, (answer) => answer.set('state', '')],
  ['a foreign state', 'login-expired', 400, (answer) => answer.set('state', 'A'.repeat(43))],
  ['a state twice', 'request-malformed', 400, (answer) => answer.append('state', 'x')],
  ['a code twice', 'request-malformed', 400, (answer) => answer.append('code', 'x')],
  ['iss twice', 'request-malformed', 400, (answer) => answer.append('iss', fake.url)],
  ['code and error together', 'request-malformed', 400, (answer) => answer.set('error', 'access_denied')],
  ['neither code nor error', 'request-malformed', 400, (answer) => answer.delete('code')],
  [
    'the code as an array',
    'request-malformed',
    400,
    (answer) => {
      answer.set('code[]', answer.get('code') ?? '')
      answer.delete('code')
    },
  ],
  ['another iss', 'request-malformed', 400, (answer) => answer.set('iss', 'https://evil.example')],
  ['iss with an extra slash', 'request-malformed', 400, (answer) => answer.set('iss', `${fake.url}/`)],
  ['no iss, although the metadata announces it', 'request-malformed', 400, (answer) => answer.delete('iss')],
  ['a code that is not known', 'login-failed', 502, (answer) => answer.set('code', 'nobody-knows')],
]
for (const [name, reason, status, bend] of bent) {
  test(`a callback with ${name} gives no session`, async () => {
    await assertRefused(reason, status, bend)
    if (status === 400) assert.equal(fake.tokenRequests.length, 0, 'the code was not redeemed')
  })
}

test('an error of the issuer is a page that shows no details of it', async () => {
  const response = await assertRefused('login-refused', 403, (answer) => {
    answer.delete('code')
    answer.set('error', 'access_denied')
    answer.set('error_description', '<script>alert(1)</script>')
    answer.set('error_uri', 'javascript:alert(1)')
  })
  assert.ok(!response.text.includes('alert(1)'))
  assert.match(response.text, /href="\/auth\/login\?return_to=%2Fmlflow%2F"/)
})

test('an error code with markup reaches neither the page nor the log', async () => {
  await assertRefused('login-refused', 403, (answer) => {
    answer.delete('code')
    answer.set('error', '<img src=x onerror=alert(1)>')
  })
  assert.ok(!JSON.stringify(kit.logged).includes('onerror'))
})

test('an issuer that is temporarily unavailable is an outage', async () => {
  await assertRefused('issuer-down', 503, (answer) => {
    answer.delete('code')
    answer.set('error', 'temporarily_unavailable')
  })
})

test('a missing iss is accepted if the metadata does not announce it', async () => {
  fake.bent.metadata = { authorization_response_iss_parameter_supported: undefined }
  const browser = kit.browser()
  const { answer } = await browser.startLogin(fake)
  answer.delete('iss')
  assert.equal((await browser.open(`/auth/callback?${answer}`)).status, 303)
})

test('a callback works in one browser and only once', async () => {
  const browser = kit.browser()
  const { callback } = await browser.startLogin(fake)
  const cookies = new Map(browser.cookies)

  const victim = kit.browser()
  assert.equal((await victim.open(callback())).status, 400)
  assert.equal(victim.hasSession, false, 'login CSRF: a foreign callback logs nobody in')

  assert.equal((await browser.open(callback())).status, 303)
  assert.equal((await browser.open(callback())).status, 400, 'its cookie is gone')
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  const replay = await browser.open(callback())
  assert.equal(replay.status, 400, 'the server remembers, even when the cookie is brought back')
  assert.ok(replay.text.includes('login-expired'))
  assert.equal(fake.tokenRequests.length, 1)
})

test('a callback of another browser does not change the session', async () => {
  const { callback } = await kit.browser().startLogin(fake)
  const victim = kit.browser()
  await victim.login(fake)
  const before = victim.cookieHeader
  assert.equal((await victim.open(callback())).status, 400)
  assert.equal(victim.cookieHeader, before)
  assert.ok(await kit.deps.sessions.load(before))
})

test('a code of another sign-in gives no session', async () => {
  const browser = kit.browser()
  const first = await browser.startLogin(fake)
  const second = await browser.startLogin(fake)
  first.answer.set('code', second.answer.get('code') ?? '')
  await browser.open(first.callback())
  assert.equal(browser.hasSession, false)
})

test('an error of the issuer uses up the state as well', async () => {
  const browser = kit.browser()
  const { answer } = await browser.startLogin(fake)
  const cookies = new Map(browser.cookies)
  const failed = new URLSearchParams({ state: answer.get('state') ?? '', error: 'access_denied', iss: fake.url })
  assert.equal((await browser.open(`/auth/callback?${failed}`)).status, 403)
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  assert.equal((await browser.open(`/auth/callback?${answer}`)).status, 400)
})

test('a sign-in that takes longer than ten minutes has expired', async () => {
  const browser = kit.browser()
  const { callback } = await browser.startLogin(fake)
  kit.clock.ahead = 601_000
  const response = await browser.open(callback())
  assert.equal(response.status, 400)
  assert.ok(response.text.includes('login-expired'))
})

test('a sign-in that a replica with a clock two minutes ahead started is completed here, once', async () => {
  const browser = kit.browser()
  kit.clock.ahead = 120_000
  const { callback } = await browser.startLogin(fake)
  const cookies = new Map(browser.cookies)
  kit.clock.ahead = 0
  assert.equal((await browser.open(callback())).status, 303)
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  kit.clock.ahead = 700_000
  const replay = await browser.open(callback())
  assert.equal(replay.status, 400, 'the state is remembered for as long as the login looks fresh')
  assert.ok(replay.text.includes('login-expired'))
})

test('two tabs may sign in at the same time', async () => {
  const browser = kit.browser()
  const first = await browser.startLogin(fake, '/mlflow/')
  const second = await browser.startLogin(fake, '/airflow/')
  assert.equal((await browser.open(second.callback())).get('location'), '/airflow/')
  assert.equal((await browser.open(first.callback())).get('location'), '/mlflow/')
})

test('every sign-in has a new session ID, and the previous session of the browser ends', async () => {
  const browser = kit.browser()
  await browser.login(fake)
  const former = browser.cookieHeader
  await browser.login(fake)
  assert.notEqual(browser.cookieHeader, former)
  assert.equal(await kit.deps.sessions.load(former), undefined)
  assert.ok(await kit.deps.sessions.load(browser.cookieHeader))
})

test("a sign-in ends the applications' sessions of a previous user", async () => {
  const response = await kit.browser().login(fake)
  assert.ok((response.get('Set-Cookie') ?? []).includes('_token=; Path=/airflow/; Max-Age=0'))
})

for (const method of ['post', 'put', 'head', 'delete'] as const) {
  test(`${method.toUpperCase()} to the callback is denied and does not use up the sign-in`, async () => {
    const browser = kit.browser()
    const { callback } = await browser.startLogin(fake)
    const response = await request(kit.app)[method](callback()).set({ cookie: browser.cookieHeader, host: 'o.example' })
    assert.equal(response.status, 405)
    assert.equal(response.get('allow'), 'GET')
    assert.equal((await browser.open(callback())).status, 303)
  })
}

const bentTokens: [string, string, number, NonNullable<FakeIssuer['bent']['token']>][] = [
  ['500', 'issuer-down', 503, () => ({ status: 500, body: { error: 'server_error' } })],
  ['502 with HTML', 'issuer-down', 503, () => ({ status: 502, body: '<html>bad gateway</html>' })],
  ['200 with HTML', 'login-failed', 502, () => ({ body: '<html>hello</html>' })],
  ['a redirect', 'login-failed', 502, () => ({ status: 307, headers: { location: '/elsewhere' }, body: '' })],
  ['no ID token', 'login-failed', 502, ({ id_token: _, ...rest }) => ({ body: rest })],
  ['no access token', 'login-failed', 502, ({ access_token: _, ...rest }) => ({ body: rest })],
  ['an unknown token type', 'login-failed', 502, (right) => ({ body: { ...right, token_type: 'mac' } })],
  ['invalid_client', 'login-failed', 502, () => ({ status: 401, body: { error: 'invalid_client' } })],
  ['invalid_grant', 'login-expired', 400, () => ({ status: 400, body: { error: 'invalid_grant' } })],
]
for (const [name, reason, status, token] of bentTokens) {
  test(`a token endpoint that responds with ${name} gives a page and no session`, async () => {
    fake.bent.token = token
    await assertRefused(reason, status, () => undefined)
    assert.equal(fake.tokenRequests.length, 1, 'no redirect was followed, nothing was asked twice')
  })
}

test('a token endpoint without a response fails after issuer.timeoutSeconds', async () => {
  const never = new AbortController()
  fake.bent.token = async () => {
    await later(60_000, undefined, { signal: never.signal }).catch(() => undefined)
    return { body: {} }
  }
  const startedAt = performance.now()
  await assertRefused('issuer-down', 503, () => undefined)
  assert.ok(performance.now() - startedAt < 2500)
  never.abort()
})

test('with a Strict session cookie a page continues, instead of a redirect that started at the issuer', async () => {
  kit = startLoginKit(fake, { cookie: { sameSite: 'strict' } })
  const response = await kit.browser().login(fake, '/mlflow/#/x"y')
  assert.equal(response.status, 200)
  assert.match(response.text, /http-equiv="refresh" content="0;url=\/mlflow\/#\/x%22y"/)
})

test('neither code, state, verifier nor token is logged', async () => {
  const browser = kit.browser()
  const { answer, callback } = await browser.startLogin(fake)
  await browser.open(callback())
  await browser.open(callback())
  const log = JSON.stringify(kit.logged)
  const secrets = [answer.get('code'), answer.get('state'), 'access-token-1', 'refresh-token-1', fake.secret]
  for (const secret of secrets) assert.ok(secret && !log.includes(secret))
  const login = kit.logged.find(({ event }) => event === 'login')
  assert.equal(login?.subject, 'alice-sub')
  assert.ok(kit.logged.some(({ event, reason }) => event === 'refused' && reason === 'login-expired'))
})
