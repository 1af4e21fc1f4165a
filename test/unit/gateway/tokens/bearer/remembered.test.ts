import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errors as jose } from 'jose'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import type { Principal } from '../../../../../src/gateway/policy/types.ts'
import { Attempts } from '../../../../../src/gateway/tokens/attempts.ts'
import type { VerifiedToken } from '../../../../../src/gateway/tokens/bearer/access-token.ts'
import { introspectJwts } from '../../../../../src/gateway/tokens/bearer/introspect-jwts.ts'
import { invalidToken } from '../../../../../src/gateway/tokens/bearer/token-refusals.ts'
import { buildVerifyBearer } from '../../../../../src/gateway/tokens/bearer/verify-bearer.ts'

const verified = (subject: string, until: number, more: Partial<VerifiedToken> = {}): VerifiedToken => ({
  principal: { issuer: 'i', subject } as Principal,
  until,
  confirmation: undefined,
  ...more,
})

/** A verifier whose outcome is chosen. `calls` has the tokens that were verified, `events` what was counted. */
function bearer({ opaque = true, perMinute = 100 } = {}) {
  const calls: string[] = []
  const events: string[] = []
  const clock = { now: 1000 }
  const outcome: { current: () => Promise<VerifiedToken> } = { current: async () => verified('s', 5000) }
  const run = (how: string) => (token: string) => {
    calls.push(`${how} ${token}`)
    return outcome.current()
  }
  const verify = buildVerifyBearer({
    ...{
      verifyJwt: run('jwt'),
      failures: new Attempts(perMinute, () => clock.now),
      maxBytes: 20,
      clock: () => clock.now,
    },
    ...(opaque && { introspect: run('opaque') }),
    events: {
      lookedUp: (what: string, hit: boolean) => events.push(`${what} ${hit}`),
      verified: (result: string) => events.push(result),
    } as never,
  })
  return {
    calls,
    events,
    clock,
    outcome,
    verify: async (token: string, address = '192.0.2.1') => verify(token, address),
    raw: verify,
  }
}
const fails = (reason: Refusal['reason']) => async () => {
  throw new Refusal(reason, 'x')
}

test('a JWT is verified, another token is introspected, and the size is limited', async () => {
  const { calls, verify } = bearer()
  await verify('a.b.c')
  await verify('opaque')
  await verify('x'.repeat(20))
  assert.deepEqual(calls, ['jwt a.b.c', 'opaque opaque', `opaque ${'x'.repeat(20)}`])
  for (const token of ['x'.repeat(21), 'eyJhbGciOiJub25lIn0.', 'ey'])
    await assert.rejects(verify(token), { reason: 'token-invalid' }, token)
  assert.equal(calls.length, 3)
})

test('without introspection an opaque token is denied', async () => {
  const { calls, verify } = bearer({ opaque: false })
  await assert.rejects(verify('opaque'), { reason: 'token-invalid' })
  await verify('a.b.c')
  assert.deepEqual(calls, ['jwt a.b.c'])
})

test('a token that was verified counts until its time, at once', async () => {
  const { calls, clock, events, outcome, raw, verify } = bearer()
  const first = await verify('a.b.c')
  assert.equal(raw('a.b.c', '192.0.2.1'), first)
  clock.now = 4999
  assert.equal(raw('a.b.c', '192.0.2.9'), first)
  assert.equal(calls.length, 1)
  clock.now = 5000
  outcome.current = async () => verified('next', 9000)
  assert.equal((await verify('a.b.c')).principal.subject, 'next')
  assert.equal(calls.length, 2)
  assert.deepEqual(events, [...['bearer false', 'success', 'bearer true', 'bearer true', 'bearer false', 'success']])
})

test('one token at a time is verified once', async () => {
  const { calls, verify } = bearer()
  await Promise.all([verify('a.b.c'), verify('a.b.c'), verify('d.e.f')])
  assert.deepEqual(calls, ['jwt a.b.c', 'jwt d.e.f'])
})

for (const reason of ['token-invalid', 'no-rule-matches'] as const)
  test(`a token that is denied as ${reason} is denied for ten seconds without being verified`, async () => {
    const { calls, clock, events, outcome, verify } = bearer()
    outcome.current = fails(reason)
    await assert.rejects(verify('a.b.c'), { reason })
    outcome.current = async () => verified('s', 99_000)
    await assert.rejects(verify('a.b.c'), { reason })
    clock.now += 9999
    await assert.rejects(verify('a.b.c'), { reason })
    assert.equal(calls.length, 1)
    clock.now += 1
    await verify('a.b.c')
    assert.deepEqual(events.slice(0, 4), ['bearer false', reason, 'bearer true', 'bearer true'])
  })

test('an outage is not remembered, and a key that is not known yet neither', async () => {
  for (const error of [new Refusal('issuer-down', 'x'), new jose.JWKSNoMatchingKey()]) {
    const { calls, outcome, verify } = bearer()
    outcome.current = () => Promise.reject(error)
    await assert.rejects(verify('a.b.c'))
    await assert.rejects(verify('a.b.c'))
    assert.equal(calls.length, 2)
    outcome.current = async () => verified('s', 5000)
    await verify('a.b.c')
  }
})

test('bad tokens of one network use its attempts up, each once; outages and good ones do not', async () => {
  const { calls, outcome, verify } = bearer({ perMinute: 2 })
  outcome.current = fails('issuer-down')
  for (const token of ['1.b.c', '2.b.c', '3.b.c']) await assert.rejects(verify(token), { reason: 'issuer-down' })
  outcome.current = fails('token-invalid')
  for (const token of ['a.b.c', 'a.b.c', 'a.b.c', 'd.b.c'])
    await assert.rejects(verify(token), { reason: 'token-invalid' })
  outcome.current = async () => verified('s', 5000)
  await assert.rejects(verify('good.b.c'), { reason: 'rate-limited' })
  await assert.rejects(verify('a.b.c'), { reason: 'token-invalid' }, 'a remembered one needs no attempt')
  await verify('good.b.c', '198.51.100.1')
  assert.deepEqual(calls.slice(3), ['jwt a.b.c', 'jwt d.b.c', 'jwt good.b.c'])
})

test('hosts of one IPv6 network share their attempts', async () => {
  const { outcome, verify } = bearer({ perMinute: 1 })
  outcome.current = fails('token-invalid')
  await assert.rejects(verify('a.b.c', '2001:db8:1:2::1'), { reason: 'token-invalid' })
  await assert.rejects(verify('d.b.c', '2001:db8:1:2:ffff::9'), { reason: 'rate-limited' })
  await assert.rejects(verify('d.b.c', '2001:db8:1:3::1'), { reason: 'token-invalid' })
})

const both = (local: VerifiedToken, asked: VerifiedToken | Error) => {
  const sent: string[] = []
  const introspect = async (token: string) => {
    sent.push(token)
    if (asked instanceof Error) throw asked
    return asked
  }
  return { sent, outcome: introspectJwts(async () => local, introspect, 'i')('a.b.c') }
}

test('of a JWT and the response about it, the stricter counts', async () => {
  const principal = { issuer: 'i', subject: 's', username: 'now' } as unknown as Principal
  const { outcome, sent } = both(verified('s', 500), verified('s', 900, { principal, forRoutes: ['r'] }))
  assert.deepEqual(await outcome, { principal, until: 500, confirmation: undefined, forRoutes: ['r'] })
  assert.deepEqual(sent, ['a.b.c'])
  const shorter = both(verified('s', 900, { forRoutes: ['l'] }), verified('s', 500, { forRoutes: ['r'] }))
  assert.deepEqual([(await shorter.outcome).until, (await shorter.outcome).forRoutes], [500, ['l']])
})

test('a token of another issuer is not sent, and one of another subject is denied', async () => {
  const foreign = verified('s', 500, { principal: { issuer: 'other', subject: 's' } as Principal })
  const { outcome, sent } = both(foreign, new Error('not asked'))
  assert.equal(await outcome, foreign)
  assert.deepEqual(sent, [])
  await assert.rejects(both(verified('s', 1), verified('other', 1)).outcome, { reason: 'token-invalid' })
  await assert.rejects(both(verified('s', 1), invalidToken('not active')).outcome, { reason: 'token-invalid' })
})

type Key = VerifiedToken['confirmation']
const merged: [local: Key, asked: Key, expected: Key | 'denied'][] = [
  [undefined, undefined, undefined],
  [{ jkt: 'a' }, undefined, { jkt: 'a' }],
  [undefined, { jkt: 'a' }, { jkt: 'a' }],
  [{ jkt: 'a' }, { jkt: 'a' }, { jkt: 'a' }],
  [{ jkt: 'a' }, { certificate: 'b' }, { jkt: 'a', certificate: 'b' }],
  [{ certificate: 'b' }, { certificate: 'b', jkt: 'a' }, { jkt: 'a', certificate: 'b' }],
  [{ jkt: 'a' }, { jkt: 'b' }, 'denied'],
  [{ certificate: 'a' }, { certificate: 'b' }, 'denied'],
  [{ jkt: 'a', certificate: 'b' }, { jkt: 'a', certificate: 'c' }, 'denied'],
  [{ jkt: 'a', certificate: 'b' }, { jkt: 'c', certificate: 'b' }, 'denied'],
]
for (const [local, asked, expected] of merged)
  test(`keys ${JSON.stringify(local)} and ${JSON.stringify(asked)}: ${JSON.stringify(expected)}`, async () => {
    const { outcome } = both(verified('s', 1, { confirmation: local }), verified('s', 1, { confirmation: asked }))
    if (expected === 'denied') await assert.rejects(outcome, { reason: 'token-invalid' })
    else assert.deepEqual((await outcome).confirmation, expected)
  })
