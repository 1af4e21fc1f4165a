import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import type { Caller } from '../../../../../src/gateway/tokens/caller.ts'
import { checkExchanged } from '../../../../../src/gateway/tokens/exchange/check-exchanged.ts'
import { claimsOf, exchangeableToken } from '../../../../../src/gateway/tokens/exchange/exchangeable-token.ts'
import { buildExchangedTokens } from '../../../../../src/gateway/tokens/exchange/exchanged-tokens.ts'

const NOW = 1_000_000
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: object) => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`
const WANTED = { audience: 'notes', resource: 'https://notes.example', scopes: [] }
const expected = { subjectToken: 'own', wanted: WANTED, ownAudiences: ['gateway', 'https://o.example'], now: NOW }
const check = (token: string, seconds?: number) => checkExchanged({ token, seconds } as never, expected as never)

const invalid: [what: string, token: string, seconds?: number][] = [
  ['the caller’s own', 'own'],
  ['an empty one', ''],
  ['one with a space', 'a b'],
  ['one with a line end', 'a\n'],
  ['one beyond ASCII', 'é'],
  ['one for nobody', jwt({})],
  ['one for another audience', jwt({ aud: 'other' })],
  ['one for a list of others', jwt({ aud: ['other', 'notes2'] })],
  ['one that the gateway accepts too', jwt({ aud: ['notes', 'gateway'] })],
  ['one that is bound to a key', jwt({ aud: 'notes', cnf: { jkt: 'k' } })],
  ['one whose cnf is null', jwt({ aud: 'notes', cnf: null })],
  ['one that has expired', jwt({ aud: 'notes', exp: NOW / 1000 })],
  ['one that expires at once', 'opaque', 0],
  ['one with a member twice', `${part({})}.${Buffer.from('{"a":1,"a":2}').toString('base64url')}.x`],
]
for (const [what, token, seconds] of invalid)
  test(`${what} is no token for the upstream`, () => {
    assert.throws(() => check(token, seconds), { reason: 'exchange-invalid' })
  })

const times: [what: string, token: string, seconds: number | undefined, expiresIn: number][] = [
  ['an opaque token without a lifetime', 'opaque', undefined, 60],
  ['an opaque token', 'opaque', 100, 100],
  ['a JWT', jwt({ aud: 'notes', exp: NOW / 1000 + 50 }), undefined, 50],
  ['a JWT that the response calls shorter', jwt({ aud: WANTED.resource, exp: NOW / 1000 + 50 }), 20, 20],
  ['a JWT that the response calls longer', jwt({ aud: ['x', 'notes'], exp: NOW / 1000 + 50 }), 90, 50],
  ['a JWT without times', jwt({ aud: 'notes' }), undefined, 60],
  ['a JWT whose time is a text', jwt({ aud: 'notes', exp: '1' }), 70, 70],
]
for (const [what, token, seconds, expiresIn] of times)
  test(`${what} counts for ${expiresIn} s`, () => assert.equal(check(token, seconds), NOW + expiresIn * 1000))

test('without a resource the audience alone counts', () => {
  const wanted = { audience: 'notes', scopes: [] }
  const run = (aud: unknown) =>
    checkExchanged({ token: jwt({ aud }), seconds: undefined } as never, { ...expected, wanted } as never)
  assert.equal(run('notes'), NOW + 60_000)
  assert.throws(() => run(undefined), { reason: 'exchange-invalid' })
})

const ISSUER = 'https://sso.example'
const callerWith = (more: object, issuer = ISSUER) =>
  ({ principal: { issuer }, via: 'bearer', ...more }) as unknown as Caller
const exchangeable = (more: object, issuer?: string) => exchangeableToken(callerWith(more, issuer), ISSUER, NOW)
const session = (accessToken: string, accessExpiresAt = NOW + 5000) => ({
  key: 'k',
  tokens: { accessToken, accessExpiresAt },
})

test('the token of the caller is exchanged, until it expires', () => {
  assert.deepEqual(exchangeable({ token: 'opaque' }), { token: 'opaque', expiresAt: NOW + 30_000 })
  const own = jwt({ exp: NOW / 1000 + 7 })
  assert.deepEqual(exchangeable({ token: own }), { token: own, expiresAt: NOW + 7000 })
  const timeless = jwt({ exp: 'soon' })
  assert.deepEqual(exchangeable({ token: timeless }), { token: timeless, expiresAt: NOW + 30_000 })
  assert.deepEqual(exchangeable({ session: session('s') }), { token: 's', expiresAt: NOW + 5000 })
  assert.equal(exchangeable({ session: session('s'), isBound: true }).token, 's', 'the one of the session is not bound')
})

const refused: [what: string, more: object, reason: string, issuer?: string][] = [
  ['a caller of another issuer', { token: 't' }, 'exchange-refused', 'https://other.example'],
  ['a caller without a token', {}, 'exchange-refused'],
  ['a bound token', { token: 't', isBound: true }, 'exchange-refused'],
  ['a JWT with cnf', { token: jwt({ cnf: {} }) }, 'exchange-refused'],
  ['a session’s JWT with cnf', { session: session(jwt({ cnf: null })) }, 'exchange-refused'],
  ['a token that has expired', { token: jwt({ exp: NOW / 1000 }) }, 'token-invalid'],
  [
    'a JWT with a member twice',
    { token: `${part({})}.${Buffer.from('{"a":1,"a":2}').toString('base64url')}.x` },
    'exchange-refused',
  ],
]
for (const [what, more, reason, issuer] of refused)
  test(`${what}: ${reason}`, () => assert.throws(() => exchangeable(more, issuer), { reason }))

test('what is no JWT has no claims', () => {
  assert.equal(
    claimsOf('opaque', () => assert.fail()),
    undefined,
  )
  assert.deepEqual(
    claimsOf(jwt({ a: 1 }), () => assert.fail()),
    { a: 1 },
  )
})

/** Exchanges at an issuer that is a function. */
function exchanges() {
  const clock = { now: NOW }
  const asked: string[] = []
  const issuer = { seconds: 100 as number | undefined, error: undefined as unknown }
  const sessions: { end?: (key: string) => void; closed?: boolean } = {}
  const tokens = buildExchangedTokens({
    exchange: async (token, wanted) => {
      asked.push(`${token} ${wanted.audience}`)
      if (issuer.error !== undefined) throw issuer.error
      return { token: `for-${wanted.audience}-${asked.length}`, seconds: issuer.seconds } as never
    },
    ...{ issuer: ISSUER, ownAudiences: ['gateway'], clock: () => clock.now },
    onSessionEnded(listener) {
      sessions.end = listener
      return () => {
        sessions.closed = true
      }
    },
  })
  const ask = (more: object = { token: 'opaque' }, audience = 'notes') =>
    tokens.tokenFor(callerWith(more), { audience, scopes: [] } as never)
  return { clock, asked, issuer, sessions, tokens, ask }
}

test('a token is exchanged once until thirty seconds before its end, or a fifth of a short one', async () => {
  for (const [seconds, held] of [
    [1000, 4000],
    [10, 8000],
  ] as const) {
    const { clock, asked, issuer, ask } = exchanges()
    issuer.seconds = seconds
    const caller = { session: session('s', NOW + (seconds === 10 ? 10_000 : 5000)) }
    const first = await ask(caller)
    assert.equal(ask(caller), first, 'at once')
    clock.now += held - 1
    assert.equal(ask(caller), first)
    assert.equal(asked.length, 1)
    clock.now += 1
    await ask(caller)
    assert.equal(asked.length, 2)
  }
  const long = exchanges()
  long.issuer.seconds = 1000
  const caller = { session: session('s', NOW + 900_000) }
  await long.ask(caller)
  long.clock.now += 869_999
  long.ask(caller)
  assert.equal(long.asked.length, 1)
  long.clock.now += 1
  await long.ask(caller)
  assert.equal(long.asked.length, 2)
})

test('requests at a time cause one exchange, and each upstream has its own token', async () => {
  const { asked, ask } = exchanges()
  const [one, two] = await Promise.all([ask(), ask(), ask(undefined, 'other')])
  assert.equal(one, two)
  assert.deepEqual(asked, ['opaque notes', 'opaque other'])
})

test('each token has its own exchange, and of a session only the current one', async () => {
  const { asked, ask } = exchanges()
  await ask({ token: 'a' })
  await ask({ token: 'b' })
  await ask({ token: 'a' })
  assert.deepEqual(asked, ['a notes', 'b notes'])
  await ask({ session: session('s1') })
  await ask({ session: session('s2') })
  await ask({ session: session('s1') })
  assert.deepEqual(asked.slice(2), ['s1 notes', 's2 notes', 's1 notes'])
  await ask({ session: { ...session('s1'), key: 'k2' } })
  assert.equal(asked.length, 6)
})

test('with a session its token goes', async () => {
  const { asked, ask, sessions, tokens } = exchanges()
  await ask({ session: session('s') })
  sessions.end?.('another')
  await ask({ session: session('s') })
  assert.equal(asked.length, 1)
  sessions.end?.('k')
  await ask({ session: session('s') })
  assert.equal(asked.length, 2)
  assert.equal(sessions.closed, undefined)
  tokens.close()
  assert.equal(sessions.closed, true)
})

test('a refused exchange is refused for ten seconds without a request, an outage is not remembered', async () => {
  const { clock, asked, issuer, ask } = exchanges()
  issuer.error = new Refusal('exchange-refused', 'no')
  await assert.rejects(async () => ask(), { reason: 'exchange-refused' })
  clock.now += 9999
  assert.throws(() => ask(), { reason: 'exchange-refused' })
  assert.equal(asked.length, 1)
  clock.now += 1
  for (const error of [new Refusal('issuer-down', 'down'), new TypeError('broken')]) {
    issuer.error = error
    await assert.rejects(async () => ask(), error)
    await assert.rejects(async () => ask(), error)
  }
  assert.equal(asked.length, 5)
  issuer.error = undefined
  await ask()
})

test('a response that is no token for the upstream is refused', async () => {
  const { issuer, ask } = exchanges()
  issuer.seconds = 0
  await assert.rejects(async () => ask(), { reason: 'exchange-invalid' })
})
