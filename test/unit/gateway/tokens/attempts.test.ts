import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { Attempts, addressKey } from '../../../../src/gateway/tokens/attempts.ts'
import { type FakeIssuer, startFakeIssuer } from '../signin/fake-issuer.ts'
import { startLoginKit } from '../signin/kit.ts'

let fake: FakeIssuer
before(async () => {
  fake = await startFakeIssuer()
})
after(() => fake.close())

test('attempts come back after a minute, and Retry-After says when', async () => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 })
  try {
    const attempts = new Attempts(2)
    await attempts.take('a')
    await attempts.take('a')
    mock.timers.tick(20_000)
    await assert.rejects(attempts.take('a'), (error) => {
      assert.ok(error instanceof Refusal)
      assert.deepEqual([error.reason, error.headers['Retry-After']], ['rate-limited', '40'])
      return true
    })
    await attempts.take('b')
    mock.timers.tick(40_001)
    await attempts.take('a')
  } finally {
    mock.timers.reset()
  }
})

test('an attempt given back can be used again; counting alone never refuses', async () => {
  const attempts = new Attempts(1)
  await attempts.take('a')
  await attempts.giveBack('a')
  await attempts.take('a')
  await attempts.count('a')
  await assert.rejects(attempts.check('a'), { reason: 'rate-limited' })
  await attempts.check('b')
})

test('keys are bounded: the one not seen for longest is forgotten', async () => {
  const attempts = new Attempts(1, 2)
  for (const key of ['a', 'b', 'c']) await attempts.take(key)
  await attempts.take('a')
  await assert.rejects(attempts.take('c'), { reason: 'rate-limited' })
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

test('login starts and callbacks of one address are limited, each by itself, and put on record', async () => {
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
})

test('behind a trusted proxy the client’s own address is counted', async () => {
  const kit = startLoginKit(fake, { limits: { loginsPerMinute: 1 }, server: { trustedProxies: ['127.0.0.0/8'] } })
  const from = (address: string) => kit.browser().open('/auth/login', { 'x-forwarded-for': address })
  assert.equal((await from('192.0.2.1')).status, 303)
  assert.equal((await from('192.0.2.2')).status, 303)
  assert.equal((await from('192.0.2.2')).status, 429)
})

test('refusals of the login side are counted among the metrics', async () => {
  const refused: string[] = []
  const kit = startLoginKit(fake, {}, { audit: { refused: (_facts, { reason }) => void refused.push(reason) } })
  await kit.browser().open('/auth/session', { accept: 'application/json' })
  await kit.browser().open('/auth/nothing')
  assert.deepEqual(refused, ['login-required', 'no-route'])
})
