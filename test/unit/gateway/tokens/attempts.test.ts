import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { Attempts, addressKey } from '../../../../src/gateway/tokens/attempts.ts'
import { type FakeIssuer, startFakeIssuer } from '../signin/fake-issuer.ts'
import { startLoginKit } from '../signin/kit.ts'

let fake: FakeIssuer
before(async () => {
  fake = await startFakeIssuer()
})
after(() => fake.close())

/** A clock that stands still until a test moves it. */
function movedClock() {
  const clock = { now: 1_000_000, read: () => clock.now }
  return clock
}

const isLimited = (retryAfter: string) => (error: unknown) => {
  assert.ok(error instanceof Refusal)
  assert.deepEqual([error.reason, error.headers['Retry-After']], ['rate-limited', retryAfter])
  return true
}

test('attempts come back after a minute, and Retry-After says when', () => {
  const clock = movedClock()
  const attempts = new Attempts(2, clock.read)
  attempts.take('a')
  attempts.take('a')
  clock.now += 20_000
  assert.throws(() => attempts.take('a'), isLimited('40'))
  attempts.take('b')
  clock.now += 39_999
  assert.throws(() => attempts.take('a'), isLimited('1'))
  clock.now += 1
  attempts.take('a')
})

test('refused attempts do not prolong the minute', () => {
  const clock = movedClock()
  const attempts = new Attempts(1, clock.read)
  attempts.take('a')
  for (let second = 1; second < 60; second++) {
    clock.now += 1000
    assert.throws(() => attempts.take('a'), isLimited(String(60 - second)))
  }
  clock.now += 1000
  attempts.take('a')
})

test('a clock that is set back does not prolong the minute', () => {
  const clock = movedClock()
  const attempts = new Attempts(1, clock.read)
  attempts.take('a')
  clock.now -= 600_000
  attempts.take('a')
  assert.throws(() => attempts.take('a'), isLimited('60'))
})

test('an attempt given back can be used again; counting alone never refuses', () => {
  const attempts = new Attempts(1, movedClock().read)
  attempts.take('a')
  attempts.giveBack('a')
  attempts.take('a')
  attempts.count('a')
  assert.throws(() => attempts.check('a'), { reason: 'rate-limited' })
  attempts.check('b')
})

test('an attempt given back after its minute, or twice, is no credit', () => {
  const clock = movedClock()
  const attempts = new Attempts(1, clock.read)
  attempts.take('a')
  clock.now += 60_000
  for (let i = 0; i < 3; i++) attempts.giveBack('a')
  attempts.take('a')
  for (let i = 0; i < 3; i++) attempts.giveBack('a')
  attempts.take('a')
  assert.throws(() => attempts.take('a'), { reason: 'rate-limited' })
})

test('keys are limited: the least recently used one is forgotten', () => {
  const attempts = new Attempts(1, movedClock().read, 2)
  for (const key of ['a', 'b', 'c']) attempts.take(key)
  attempts.take('a')
  assert.throws(() => attempts.take('c'), { reason: 'rate-limited' })
})

const keys: [string, string][] = [
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['unknown', 'unknown'],
]
for (const [address, key] of keys) test(`${address} is counted as ${key}`, () => assert.equal(addressKey(address), key))

test('sign-in starts and callbacks of one address are limited separately, for a minute, and recorded', async () => {
  const kit = startLoginKit(fake, { limits: { loginsPerMinute: 2 } })
  const browser = kit.browser()
  const json = { accept: 'application/json' }
  for (let i = 0; i < 2; i++) assert.equal((await browser.open('/auth/login', json)).status, 303)
  const limited = await browser.open('/auth/login', json)
  assert.deepEqual([limited.status, limited.body.reason], [429, 'rate-limited'])
  assert.ok(Number(limited.get('retry-after')) > 50)
  for (let i = 0; i < 2; i++) assert.equal((await browser.open('/auth/callback?state=x&code=y', json)).status, 400)
  assert.equal((await browser.open('/auth/callback?state=x&code=y', json)).status, 429)
  const lines = kit.logged.filter(({ event }) => event === 'refused')
  assert.deepEqual(
    lines.map(({ reason, path, client }) => [reason, path, client]),
    [
      ['rate-limited', '/auth/login', '127.0.0.1'],
      ['login-expired', '/auth/callback', '127.0.0.1'],
      ['login-expired', '/auth/callback', '127.0.0.1'],
      ['rate-limited', '/auth/callback', '127.0.0.1'],
    ],
  )
  kit.clock.ahead = 61_000
  assert.equal((await browser.open('/auth/login', json)).status, 303)
})

test('behind a trusted proxy the client’s own address is counted', async () => {
  const kit = startLoginKit(fake, { limits: { loginsPerMinute: 1 }, server: { trustedProxies: ['127.0.0.0/8'] } })
  const from = (address: string) => kit.browser().open('/auth/login', { 'x-forwarded-for': address })
  assert.equal((await from('192.0.2.1')).status, 303)
  assert.equal((await from('192.0.2.2')).status, 303)
  assert.equal((await from('192.0.2.2')).status, 429)
})

test('refusals of the sign-in endpoints are audited', async () => {
  const refused: string[] = []
  const kit = startLoginKit(fake, {}, {}, { refused: (reason) => void refused.push(reason) })
  await kit.browser().open('/auth/session', { accept: 'application/json' })
  await kit.browser().open('/auth/nothing')
  assert.deepEqual(refused, ['login-required', 'no-route'])
})
