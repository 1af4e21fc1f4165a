import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { Attempts } from '../../../../../src/gateway/tokens/attempts.ts'
import { buildBasicBridge } from '../../../../../src/gateway/tokens/basic/basic-bridge.ts'
import { isBasic, parseBasic } from '../../../../../src/gateway/tokens/basic/basic-credentials.ts'
import type { VerifiedToken } from '../../../../../src/gateway/tokens/bearer/access-token.ts'

const header = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString('base64')}`

test('the first colon ends the client ID, and nothing is decoded twice', () => {
  assert.deepEqual(parseBasic(header('ci:secret')), { clientId: 'ci', secret: 'secret' })
  assert.deepEqual(parseBasic(header('c:a:b:')), { clientId: 'c', secret: 'a:b:' })
  assert.deepEqual(parseBasic(header('%41:%42+')), { clientId: '%41', secret: '%42+' })
  assert.deepEqual(parseBasic(header('ä:ö')), { clientId: 'ä', secret: 'ö' })
  assert.deepEqual(parseBasic(header('ci:secret').replace('Basic ', 'bAsIc   ')), { clientId: 'ci', secret: 'secret' })
})

for (const text of [
  ...['', 'ci', ':secret', 'ci:', ':', 'ci:se\ncret', 'c\u0000i:secret', 'ci:secret\u007f', 'ci:\u001fsecret'],
  Uint8Array.from([0x63, 0x3a, 0xff]),
])
  test(`${JSON.stringify(String(text))} are no credentials`, () => assert.equal(parseBasic(header(text)), undefined))

for (const text of [
  'Basic',
  'Basic ',
  'Basic !',
  'Bearer Y2k6eA==',
  'Basic Y2k6eA==x',
  'xBasic Y2k6eA==',
  'Basic Y2k6eA===',
])
  test(`${text} is no readable header`, () => assert.equal(parseBasic(text), undefined))

test('the scheme is read without case', () => {
  for (const text of ['Basic', 'basic x', 'BASIC ']) assert.equal(isBasic(text), true, text)
  for (const text of ['', 'Basically', 'xBasic a', 'Bearer a', 'Basic\tx']) assert.equal(isBasic(text), false, text)
})

const WRONG = new Refusal('token-invalid', 'wrong')
const DOWN = new Refusal('issuer-down', 'down')

/** A bridge to an issuer that is a function. Times are seconds. */
function bridge({ reuseSeconds, perMinute = 100 }: { reuseSeconds?: number; perMinute?: number } = {}) {
  const clock = { now: 1_000_000 }
  const asked: string[] = []
  const events: string[] = []
  const issuer = {
    seconds: 1000,
    error: undefined as unknown,
    verified: { principal: { kind: 'machine', clientId: 'ci' }, confirmation: undefined } as unknown as VerifiedToken,
    verifyError: undefined as unknown,
  }
  const attempts = () => new Attempts(perMinute, () => clock.now)
  const run = buildBasicBridge({
    fetchToken: async ({ clientId, secret }) => {
      asked.push(`${clientId}:${secret}`)
      if (issuer.error !== undefined) throw issuer.error
      return { token: `token-${asked.length}`, seconds: issuer.seconds }
    },
    verifyBearer: async () => {
      if (issuer.verifyError !== undefined) throw issuer.verifyError
      return issuer.verified
    },
    ...(reuseSeconds !== undefined && { reuseSeconds }),
    ...{ byAddress: attempts(), byClient: attempts(), clock: () => clock.now },
    events: { lookedUp: (what: string, hit: boolean) => events.push(`${what} ${hit}`) } as never,
  })
  const present = (secret = 'right', address = '192.0.2.1', clientId = 'ci') => run({ clientId, secret }, address)
  return { clock, asked, events, issuer, present, run }
}

test('a token is used for five minutes, whatever its lifetime', async () => {
  const { clock, asked, present, events } = bridge()
  const caller = await present()
  assert.deepEqual(caller, { principal: { kind: 'machine', clientId: 'ci' }, via: 'bearer', token: 'token-1' })
  clock.now += 299_999
  assert.equal(await present(), caller)
  clock.now += 1
  assert.equal((await present()).token, 'token-2')
  assert.deepEqual(asked, ['ci:right', 'ci:right'])
  assert.deepEqual(events, ['basic false', 'basic true', 'basic false'])
})

test('a short token is renewed when a fifth of its lifetime is left, and a setting makes it shorter, never longer', async () => {
  const short = bridge()
  short.issuer.seconds = 100
  await short.present()
  short.clock.now += 79_999
  await short.present()
  assert.equal(short.asked.length, 1)
  short.clock.now += 1
  await short.present()
  assert.equal(short.asked.length, 2)
  for (const [reuseSeconds, seconds] of [
    [20, 20],
    [900, 300],
  ] as const) {
    const { clock, asked, present } = bridge({ reuseSeconds })
    await present()
    clock.now += seconds * 1000 - 1
    await present()
    assert.equal(asked.length, 1)
    clock.now += 1
    await present()
    assert.equal(asked.length, 2)
  }
})

test('a wrong secret never finds the token of the right one', async () => {
  const { asked, issuer, present } = bridge()
  await present()
  issuer.error = WRONG
  for (const secret of ['wrong', '', 'right2']) await assert.rejects(present(secret), { reason: 'token-invalid' })
  await assert.rejects(present('ight', '192.0.2.1', 'ci:r'), { reason: 'token-invalid' })
  assert.equal(asked.length, 5)
  assert.equal((await present()).token, 'token-1')
})

test('requests at a time cause one exchange', async () => {
  const { asked, present } = bridge()
  await Promise.all([present(), present(), present('other').catch(() => {})])
  assert.deepEqual(asked, ['ci:right', 'ci:other'])
})

test('wrong credentials are denied for ten seconds without a request', async () => {
  const { clock, asked, issuer, present, events } = bridge()
  issuer.error = WRONG
  await assert.rejects(present(), WRONG)
  clock.now += 9999
  await assert.rejects(present(), {
    reason: 'token-invalid',
    headers: { 'WWW-Authenticate': 'Basic realm="modelops", charset="UTF-8"' },
  })
  assert.equal(asked.length, 1)
  clock.now += 1
  issuer.error = undefined
  await present()
  assert.deepEqual(events, ['basic false', 'basic true', 'basic false'])
})

test('during an outage the last token counts until it expires, and wrong credentials end it', async () => {
  const { clock, issuer, present } = bridge()
  issuer.seconds = 100
  const caller = await present()
  clock.now += 90_000
  issuer.error = DOWN
  assert.equal(await present(), caller)
  clock.now += 9999
  assert.equal(await present(), caller)
  clock.now += 1
  await assert.rejects(present(), DOWN)
  await assert.rejects(present('other'), DOWN)

  const revoked = bridge()
  revoked.issuer.seconds = 300
  await revoked.present()
  revoked.clock.now += 250_000
  revoked.issuer.error = WRONG
  await assert.rejects(revoked.present(), WRONG)
  revoked.clock.now += 9999
  revoked.issuer.error = DOWN
  await assert.rejects(revoked.present(), { reason: 'token-invalid' })
  revoked.clock.now += 1
  await assert.rejects(revoked.present(), DOWN, 'the token that was revoked is gone, though it has not expired')
})

const unusable: [what: string, verified: object][] = [
  ['that is bound to a key', { principal: { kind: 'machine', clientId: 'ci' }, confirmation: { jkt: 'k' } }],
  ['for a single route', { principal: { kind: 'machine', clientId: 'ci' }, forRoutes: ['r'] }],
  ['of a person', { principal: { kind: 'person', clientId: 'ci' } }],
  ['of another client', { principal: { kind: 'machine', clientId: 'other' } }],
  ['of no client', { principal: { kind: 'machine' } }],
]
for (const [what, verified] of unusable)
  test(`a token ${what} makes the credentials wrong`, async () => {
    const { issuer, present } = bridge()
    issuer.verified = verified as VerifiedToken
    await assert.rejects(present(), { reason: 'token-invalid', message: /^Basic credentials: / })
  })

test('a token that is invalid makes the credentials wrong, and keys that are not there are an outage', async () => {
  const { issuer, present } = bridge()
  issuer.verifyError = new Refusal('token-invalid', 'signature')
  await assert.rejects(present(), { reason: 'token-invalid', message: /^Basic credentials: .*signature$/ })
  issuer.verifyError = DOWN
  await assert.rejects(present('other'), DOWN)
})

test('guesses use attempts up by address and by client, and their owner is not locked out', async () => {
  const { asked, clock, issuer, present } = bridge({ perMinute: 2 })
  await present()
  issuer.error = WRONG
  for (const guess of ['a', 'b']) await assert.rejects(present(guess, '198.51.100.1'), { reason: 'token-invalid' })
  await assert.rejects(present('c', '198.51.100.1'), { reason: 'rate-limited' })
  await assert.rejects(
    present('c', '203.0.113.1'),
    { reason: 'rate-limited' },
    'the attempts of the client are used up',
  )
  await assert.rejects(present('c', '198.51.100.1', 'other'), { reason: 'rate-limited' }, 'and those of the address')
  await assert.rejects(present('c', '203.0.113.1', 'other'), { reason: 'token-invalid' })
  assert.equal(asked.length, 4)
  issuer.error = undefined
  clock.now += 59_000
  await present()
  clock.now += 300_000
  issuer.error = WRONG
  for (const guess of ['d', 'e']) await assert.rejects(present(guess, '198.51.100.1'), { reason: 'token-invalid' })
  issuer.error = undefined
  assert.notEqual((await present('right', '198.51.100.1')).token, undefined)
})

test('credentials that were right once and are wrong now are guesses again', async () => {
  const { clock, issuer, present } = bridge({ perMinute: 1 })
  await present()
  clock.now += 300_000
  issuer.error = WRONG
  await assert.rejects(present(), WRONG)
  clock.now += 10_000
  await assert.rejects(present(), WRONG)
  clock.now += 10_000
  await assert.rejects(present(), { reason: 'rate-limited' })
})

test('credentials that are right, and outages, use no attempt up', async () => {
  const { clock, issuer, present } = bridge({ perMinute: 1 })
  issuer.error = DOWN
  for (let round = 0; round < 5; round++) await assert.rejects(present(`secret ${round}`), DOWN)
  issuer.error = undefined
  for (let round = 0; round < 5; round++) await present(`other ${round}`)
  issuer.error = WRONG
  await assert.rejects(present('wrong'), WRONG)
  await assert.rejects(present('wrong again'), { reason: 'rate-limited' })
  clock.now += 60_000
  await assert.rejects(present('wrong again'), WRONG)
})
