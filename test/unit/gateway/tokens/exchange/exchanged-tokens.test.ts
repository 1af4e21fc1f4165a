import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { TokenExchange } from '../../../../../src/gateway/config/schema/token-exchange.ts'
import type { Refusal } from '../../../../../src/gateway/errors.ts'
import { buildExchangeToken } from '../../../../../src/gateway/issuer/token-exchange.ts'
import type { Session } from '../../../../../src/gateway/sessions/session.ts'
import type { Caller } from '../../../../../src/gateway/tokens/caller.ts'
import {
  buildExchangedTokens,
  type ExchangedTokens,
} from '../../../../../src/gateway/tokens/exchange/exchanged-tokens.ts'
import { type Answer, type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { startTokenKit, type TokenKit } from '../kit.ts'

/** Token exchange at an issuer whose responses the tests bend. */
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const WANTED: TokenExchange = { audience: 'notes-api', scopes: ['read', 'write'] }
const OTHER: TokenExchange = { audience: 'other-api', scopes: [] }

let fake: FakeIssuer
let kit: TokenKit
let tokens: ExchangedTokens
let endSession: (key: string) => void
let isClosed = false

before(async () => {
  fake = await startFakeIssuer()
})
after(() => fake.close())
beforeEach(() => {
  fake.bent = unbent()
  fake.tokenRequests.length = 0
  kit = startTokenKit(fake)
  respond({})
  tokens = buildExchangedTokens({
    exchange: buildExchangeToken(() => kit.issuer.configuration()),
    issuer: fake.url,
    ownAudiences: ['gateway'],
    clock: () => Date.now() + kit.clock.ahead,
    onSessionEnded(listener) {
      endSession = listener
      return () => {
        isClosed = true
      }
    },
  })
})

let issued = 0
/** Changes what the issuer responds; undefined removes a member. */
function respond(change: Record<string, unknown>, answer?: Answer): void {
  fake.bent.token = () => {
    issued += 1
    const body = { access_token: `opaque-${issued}`, token_type: 'Bearer', issued_token_type: ACCESS_TOKEN }
    return answer ?? { body: { ...body, expires_in: 100, ...change } }
  }
}

const jwt = (claims: Record<string, unknown>) =>
  fake.sign({ iss: fake.url, sub: 'bob-sub', aud: 'notes-api', ...claims })
const principal = (subject: string, issuer = fake.url): Caller['principal'] => ({
  ...{ issuer, subject, kind: 'person', username: subject },
  ...{ groups: new Set<string>(), projectIds: new Set<string>() },
})
const inSession = (key: string, accessToken: string, subject = 'bob', seconds = 300): Caller => {
  const held = { accessToken, accessExpiresAt: Date.now() + seconds * 1000, refreshToken: 'r', idToken: 'i' }
  const session = { key, principal: principal(subject), tokens: held, createdAt: 0, lastSeenAt: 0 } as Session
  return { principal: principal(subject), via: 'session', session }
}
const withToken = (token: string, subject = 'bob', issuer?: string): Caller => ({
  ...{ principal: principal(subject, issuer), via: 'bearer', token },
})
const get = async (caller: Caller, wanted = WANTED) => tokens.tokenFor(caller, wanted)
const requests = () => fake.tokenRequests.length
const reasonOf = (caller: Caller, wanted = WANTED) =>
  get(caller, wanted).then(
    () => assert.fail('a token was given'),
    ({ reason, message }: Refusal) => ({ reason, message }),
  )

test('the request is that of RFC 8693, by the gateway’s own client', async () => {
  await get(inSession('a', 'subject'))
  const [{ form, authorization } = { form: new URLSearchParams(), authorization: '' }] = fake.tokenRequests
  assert.deepEqual(Object.fromEntries(form), {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: 'subject',
    subject_token_type: ACCESS_TOKEN,
    requested_token_type: ACCESS_TOKEN,
    audience: 'notes-api',
    scope: 'read write',
  })
  assert.match(authorization ?? '', /^Basic /)
  await get(inSession('a', 'subject'), { resource: 'https://api.example/v1', scopes: [] })
  const parameters = fake.tokenRequests.at(-1)?.form
  assert.deepEqual([parameters?.get('resource'), parameters?.has('audience')], ['https://api.example/v1', false])
})

test('a thousand requests at once are one exchange, and the next ones none, without a promise', async () => {
  const caller = inSession('a', 'subject')
  const all = await Promise.all(Array.from({ length: 1000 }, () => get(caller)))
  assert.deepEqual([new Set(all).size, requests()], [1, 1])
  assert.equal(tokens.tokenFor(caller, WANTED), all[0])
})

test('nobody gets the token of another: users, sessions, bearer tokens and routes are apart', async () => {
  const got = [
    await get(inSession('a', 'subject-a', 'alice')),
    await get(inSession('b', 'subject-b', 'bob')),
    // The same session, signed in again as somebody else.
    await get(inSession('a', 'subject-c', 'bob')),
    await get(withToken('subject-a', 'alice')),
    await get(withToken('subject-d', 'alice')),
    await get(withToken('subject-d', 'alice'), OTHER),
    // A session key that looks like a slot for bearer tokens.
    await get(inSession('token:subject-a', 'x', 'bob')),
  ]
  assert.deepEqual([new Set(got).size, requests()], [got.length, got.length])
})

test('a refreshed session has a new token, and the previous one is gone', async () => {
  const first = await get(inSession('a', 'subject-1'))
  const second = await get(inSession('a', 'subject-2'))
  assert.notEqual(first, second)
  assert.notEqual(await get(inSession('a', 'subject-1')), first)
})

test('a session that ends takes its tokens along, and one that is being exchanged is not kept', async () => {
  const caller = inSession('a', 'subject')
  const first = await get(caller)
  endSession('a')
  const running = get(caller)
  endSession('a')
  const third = await get(caller)
  assert.equal(new Set([first, await running, third]).size, 3)
  tokens.close()
  assert.ok(isClosed)
})

test('a token is used until shortly before it expires, and never longer than the caller’s own', async () => {
  const [long, short] = [inSession('a', 'subject'), inSession('b', 'other', 'bob', 20)]
  await get(long)
  await get(short)
  kit.clock.ahead = 15_000
  await get(long)
  await get(short)
  assert.equal(requests(), 2)
  kit.clock.ahead = 17_000
  await get(short)
  assert.equal(requests(), 3)
  kit.clock.ahead = 81_000
  await get(long)
  assert.equal(requests(), 4)
})

test('a bearer token’s own expiry is read from it; an opaque one is exchanged again after half a minute', async () => {
  respond({ expires_in: 3600 })
  const exp = Math.floor(Date.now() / 1000) + 50
  const [known, opaque] = [withToken(await jwt({ exp, aud: 'gateway' })), withToken('opaque')]
  await get(known)
  await get(opaque)
  kit.clock.ahead = 35_000
  await get(known)
  await get(opaque)
  assert.equal(requests(), 3)
  kit.clock.ahead = 52_000
  assert.equal((await reasonOf(known)).reason, 'token-invalid')
})

test('a session whose access token expired is not exchanged', async () => {
  assert.equal((await reasonOf(inSession('a', 'subject', 'bob', -1))).reason, 'issuer-down')
  assert.equal(requests(), 0)
})

test('callers whose tokens must not be exchanged are denied without a request', async () => {
  const bound = await jwt({ exp: 4_000_000_000, cnf: { jkt: 'x' } })
  const foreign = await reasonOf(withToken('t', 'bob', 'https://ci.example'))
  assert.match(foreign.message, /additional issuer/)
  const twice = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from('{"cnf":1,"cnf":2}').toString('base64url')}.c2ln`
  const all = [
    foreign,
    await reasonOf(withToken(bound)),
    await reasonOf(inSession('a', bound)),
    await reasonOf(withToken(twice)),
  ]
  assert.deepEqual([...new Set(all.map(({ reason }) => reason))], ['exchange-refused'])
  assert.equal(requests(), 0)
})

const said = (status: number, error: string, error_description?: string): Answer => ({
  status,
  body: { error, ...(error_description && { error_description }) },
})

const refusals: [string, Answer, string, RegExp][] = [
  [
    'unauthorized_client',
    said(400, 'unauthorized_client', 'not allowed'),
    'exchange-refused',
    /400 unauthorized_client \(not allowed\)\. Allow token exchange/,
  ],
  ['invalid_target', said(400, 'invalid_target'), 'exchange-refused', /Register the audience/],
  [
    'access_denied',
    said(403, 'access_denied', 'Client is not within the token audience'),
    'exchange-refused',
    /not within the token audience/,
  ],
  ['an unknown code', said(400, 'Bad <script>'), 'exchange-refused', /an unknown code/],
  [
    'wrong credentials of the gateway',
    { status: 401, headers: { 'www-authenticate': 'Basic' }, body: {} },
    'exchange-refused',
    /the issuer said 401/,
  ],
  ['a server error', { status: 500, body: 'sorry' }, 'issuer-down', /token exchange/],
  ['too many requests', { status: 429, body: {} }, 'issuer-down', /token exchange/],
  ['temporarily unavailable', said(400, 'temporarily_unavailable'), 'issuer-down', /token exchange/],
  ['a page', { body: '<html>' }, 'exchange-invalid', /token exchange/],
]
for (const [name, answer, reason, detail] of refusals) {
  test(`the issuer says: ${name}`, async () => {
    respond({}, answer)
    const got = await reasonOf(inSession('a', 'the-subject-token'))
    assert.equal(got.reason, reason)
    assert.match(got.message, detail)
    assert.doesNotMatch(got.message, /the-subject-token/)
  })
}

test('what an issuer writes into an error never brings a token into the log', async () => {
  const secret = await jwt({ exp: 4_000_000_000 })
  respond({}, said(400, 'invalid_request', `bad token ${secret}\r\nnext line ${'x'.repeat(5000)}`))
  const { message } = await reasonOf(inSession('a', secret))
  for (const part of secret.split('.')) assert.ok(!message.includes(part))
  assert.ok(message.length < 450 && !/[\r\n]/.test(message), message)
})

test('a refusal is repeated for ten seconds without a request; an outage is not', async () => {
  const caller = inSession('a', 'subject')
  respond({}, said(400, 'invalid_target'))
  await reasonOf(caller)
  await reasonOf(caller)
  assert.equal(requests(), 1)
  kit.clock.ahead = 11_000
  respond({}, { status: 503, body: '' })
  await reasonOf(caller)
  await reasonOf(caller)
  assert.equal(requests(), 3)
  respond({})
  await get(caller)
})

const bad: [string, () => Promise<Record<string, unknown>> | Record<string, unknown>][] = [
  ['a DPoP token', () => ({ token_type: 'DPoP' })],
  ['N_A, which is no bearer token', () => ({ token_type: 'N_A' })],
  ['an ID token', () => ({ issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' })],
  ['a token without a kind', () => ({ issued_token_type: undefined })],
  ['the caller’s own token', () => ({ access_token: 'subject' })],
  ['a token with a line break', () => ({ access_token: 'a\r\nX-Forwarded-User: admin' })],
  ['a token for another audience', async () => ({ access_token: await jwt({ aud: 'other-api' }) })],
  ['a token without an audience', async () => ({ access_token: await jwt({ aud: undefined }) })],
  [
    'a token that the gateway accepts too',
    async () => ({ access_token: await jwt({ aud: ['notes-api', 'gateway'] }) }),
  ],
  ['a token that is bound to a key', async () => ({ access_token: await jwt({ cnf: { jkt: 'x' } }) })],
  ['a token that has expired', async () => ({ access_token: await jwt({ exp: 1 }) })],
  ['a token that lives for no time', () => ({ expires_in: 0 })],
]
for (const [name, change] of bad) {
  test(`the upstream never gets ${name}`, async () => {
    respond(await change())
    assert.equal((await reasonOf(inSession('a', 'subject'))).reason, 'exchange-invalid')
  })
}

test('the earlier of the two expiries counts', async () => {
  respond({ access_token: await jwt({ exp: Math.floor(Date.now() / 1000) + 10 }), expires_in: 3600 })
  await get(inSession('a', 'subject'))
  kit.clock.ahead = 9000
  respond({})
  await get(inSession('a', 'subject'))
  assert.equal(requests(), 2)
})
