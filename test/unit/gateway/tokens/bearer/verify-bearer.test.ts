import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { LRUCache } from 'lru-cache'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'
import { part, startTokenKit, stranger, strangersJwk, type TokenKit } from '../kit.ts'

let fake: FakeIssuer
let kit: TokenKit

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(() => {
  fake.bent = unbent()
  fake.jwksRequests.count = 0
  kit = startTokenKit(fake)
})
after(() => fake.close())

const verify = async (token: string, address = '192.0.2.1') => kit.verifyBearer(token, address)
const now = () => Math.floor(Date.now() / 1000)

async function refusal(token: string, address?: string): Promise<Refusal> {
  const error = await verify(token, address).then(
    () => assert.fail('accepted'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof Refusal, String(error))
  return error
}

test('a token is verified once, however often and however many at a time it is sent', async () => {
  const token = await fake.sign(kit.claims())
  const checks = mock.method(globalThis.crypto.subtle, 'verify').mock
  await Promise.all(Array.from({ length: 200 }, () => verify(token)))
  for (let i = 0; i < 10_000; i++) await verify(token)
  assert.equal(checks.callCount(), 1)
  await verify(await fake.sign({ ...kit.claims(), jti: 'next' }))
  assert.equal(checks.callCount(), 2)
  mock.restoreAll()
})

test('a remembered token ends when it expires, and when the key that signed it is withdrawn', async () => {
  const token = await fake.sign(kit.claims())
  await verify(token)
  kit.clock.ahead = 400_000
  assert.equal((await refusal(token)).status, 401)

  kit = startTokenKit(fake)
  const other = await fake.sign({ ...kit.claims(), exp: now() + 7200 })
  await verify(other)
  fake.bent.jwks = { keys: [await strangersJwk('key-2')] }
  await (await kit.issuer.keys()).reload()
  await verify(other) // remembered for a minute
  kit.clock.ahead = 61_000
  assert.equal((await refusal(other)).status, 401)
})

test('tokens that have expired give up their place when the next one comes, those that are remembered do not', async () => {
  const forgotten = mock.method(LRUCache.prototype, 'delete').mock
  await verify(await fake.sign(kit.claims()))
  await verify(await fake.sign({ ...kit.claims(), jti: 'second' }))
  assert.equal(forgotten.callCount(), 0)
  kit.clock.ahead = 61_000
  await verify(await fake.sign({ ...kit.claims(), jti: 'third' }))
  assert.equal(forgotten.callCount(), 2)
  await refusal('ey.not.valid')
  kit.clock.ahead = 72_000
  await refusal('ey.neither.valid')
  assert.equal(forgotten.callCount(), 3)
  mock.restoreAll()
})

test('thousands of unknown key IDs in a row cause one load of the keys', async () => {
  kit = startTokenKit(fake, { limits: { badTokensPerMinute: 1_000_000 } })
  await verify(await fake.sign(kit.claims()))
  fake.jwksRequests.count = 0
  const claims = part(kit.claims())
  for (let i = 0; i < 2000; i++) {
    const { status } = await refusal(`${part({ alg: 'RS256', kid: `kid-${i}` })}.${claims}.${'A'.repeat(342)}`)
    assert.equal(status, 401)
  }
  assert.ok(fake.jwksRequests.count <= 1, `${fake.jwksRequests.count} loads`)
})

for (const kid of [undefined, 'key-of-the-rotation']) {
  const named = kid === undefined ? 'no key ID' : 'the new key ID'
  test(`after the issuer rotated its single key, tokens with ${named} are accepted, and the keys are loaded once`, async () => {
    await verify(await fake.sign(kit.claims()))
    const own = unbent()
    fake.bent.jwks = { keys: [await strangersJwk('key-of-the-rotation')] }
    fake.jwksRequests.count = 0
    const rotated = (jti: string) => fake.sign({ ...kit.claims(), jti }, { kid }, stranger.privateKey)
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map(rotated))
    const principals = await Promise.all(tokens.map((token) => verify(token)))
    assert.deepEqual(
      principals.map(({ subject }) => subject),
      ['bob-sub', 'bob-sub', 'bob-sub', 'bob-sub'],
    )
    assert.equal(fake.jwksRequests.count, 1)
    assert.equal((await refusal(await fake.sign({ ...kit.claims(), jti: 'withdrawn' }, { kid }))).status, 401)
    fake.bent = own
  })
}

test('tokens without a key ID that no key verifies cause one load of the keys, and are refused', async () => {
  await verify(await fake.sign(kit.claims()))
  fake.jwksRequests.count = 0
  const foreign = (i: number) => fake.sign({ ...kit.claims(), jti: `${i}` }, { kid: undefined }, stranger.privateKey)
  for (let i = 0; i < 20; i++) assert.equal((await refusal(await foreign(i))).reason, 'token-invalid')
  assert.equal(fake.jwksRequests.count, 1)
  kit.clock.ahead = 30_000
  assert.equal((await refusal(await foreign(20))).reason, 'token-invalid')
  assert.equal(fake.jwksRequests.count, 2)
})

test('a token with a known key ID and a wrong signature loads no keys', async () => {
  await verify(await fake.sign(kit.claims()))
  fake.jwksRequests.count = 0
  assert.equal((await refusal(await fake.sign(kit.claims(), {}, stranger.privateKey))).status, 401)
  assert.equal(fake.jwksRequests.count, 0)
})

test('while the keys cannot be loaded a token is neither accepted nor refused; known keys stay in use', async () => {
  fake.bent.jwks = { status: 500, body: 'broken' }
  const { status, reason, headers } = await refusal(await fake.sign(kit.claims()))
  assert.deepEqual([status, reason, headers['Retry-After']], [503, 'issuer-down', '5'])
  fake.bent = unbent()
  kit = startTokenKit(fake)
  await verify(await fake.sign(kit.claims()))
  fake.bent.jwks = { status: 500, body: 'broken' }
  assert.equal((await verify(await fake.sign({ ...kit.claims(), jti: 'next' }))).subject, 'bob-sub')
})

test('different invalid tokens of one address are limited; remembered tokens and other addresses are not', async () => {
  kit = startTokenKit(fake, { limits: { badTokensPerMinute: 3 } })
  const known = await fake.sign(kit.claims())
  await verify(known)
  const bad = (i: number) => fake.sign({ ...kit.claims(), aud: 'airflow', jti: `${i}` })
  const same = await bad(0)
  for (let i = 0; i < 10; i++) assert.equal((await refusal(same)).status, 401) // counts once
  for (let i = 1; i < 3; i++) assert.equal((await refusal(await bad(i))).status, 401)
  const limited = await refusal(await bad(3))
  assert.deepEqual([limited.status, limited.reason], [429, 'rate-limited'])
  assert.ok(Number(limited.headers['Retry-After']) > 50)
  assert.equal((await verify(known)).subject, 'bob-sub')
  assert.equal((await refusal(await bad(3), '192.0.2.2')).status, 401)
})

test('all addresses of one IPv6 network are counted together', async () => {
  kit = startTokenKit(fake, { limits: { badTokensPerMinute: 1 } })
  const bad = (i: number) => fake.sign({ ...kit.claims(), aud: 'airflow', jti: `${i}` })
  assert.equal((await refusal(await bad(0), '2001:db8:1:2::1')).status, 401)
  assert.equal((await refusal(await bad(1), '2001:db8:1:2:ffff::9')).status, 429)
  assert.equal((await refusal(await bad(2), '2001:db8:1:3::1')).status, 401)
})

test('verifications and look-ups are counted, with the reason of a denial', async () => {
  const seen: string[] = []
  const counting = startTokenKit(fake, {}, [], {
    verified: (result) => void seen.push(result),
    lookedUp: (cache, hit) => void seen.push(`${cache} ${hit ? 'hit' : 'miss'}`),
  })
  const token = await fake.sign(counting.claims())
  await counting.verifyBearer(token, '192.0.2.1')
  await counting.verifyBearer(token, '192.0.2.1')
  assert.deepEqual(seen.splice(0), ['bearer miss', 'success', 'bearer hit'])
  await assert.rejects(counting.verifyBearer('no.valid.token', '192.0.2.1'))
  await assert.rejects(counting.verifyBearer('no.valid.token', '192.0.2.1'))
  assert.deepEqual(seen, ['bearer miss', 'token-invalid', 'bearer hit'])
})
