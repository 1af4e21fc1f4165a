import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { pino } from 'pino'
import { type IssuerKeys, issuerKeys } from '../../../../../src/gateway/issuer/keys/issuer-keys.ts'
import { type FakeIssuer, startFakeIssuer, unbent } from '../../signin/fake-issuer.ts'

let fake: FakeIssuer
let keys: IssuerKeys
let now: number
const logged: Record<string, unknown>[] = []

before(async () => {
  fake = await startFakeIssuer()
})
beforeEach(async () => {
  fake.bent = unbent()
  now = 1_000_000
  const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line)) })
  keys = issuerKeys(new URL(`${fake.url}/jwks`), 5, () => now, log)
  await keys.reload()
  fake.jwksRequests.count = 0
  logged.length = 0
})
after(() => fake.close())

const loads = () => fake.jwksRequests.count

test('tokens of clients cause one load in half a minute', async () => {
  await keys.reloadFor('client')
  assert.equal(loads(), 1)
  now += 29_999
  await keys.reloadFor('client')
  assert.equal(loads(), 1)
  now += 1
  await keys.reloadFor('client')
  assert.equal(loads(), 2)
})

test('ID tokens cause one load in a second, whatever tokens of clients caused before', async () => {
  await keys.reloadFor('client')
  await keys.reloadFor('issuer')
  assert.equal(loads(), 2)
  now += 999
  await keys.reloadFor('issuer')
  assert.equal(loads(), 2)
  now += 1
  await keys.reloadFor('issuer')
  assert.equal(loads(), 3)
})

test('requests for the keys during a load wait for that load', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, i) => keys.reloadFor(i % 2 ? 'client' : 'issuer')))
  assert.equal(loads(), 1)
  assert.equal(logged.length, 1)
})

test('a failed load fails every request that waits for it, and is repeated after five seconds', async () => {
  fake.bent.jwks = { status: 500, body: 'oops' }
  const results = await Promise.allSettled([keys.reloadFor('client'), keys.reloadFor('client')])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  await assert.rejects(keys.reloadFor('client'))
  assert.equal(loads(), 1)
  fake.bent.jwks = undefined
  now += 5000
  await keys.reloadFor('client')
  assert.equal(loads(), 2)
})

test('finding an unknown key loads nothing by itself', async () => {
  for (let i = 0; i < 20; i++)
    await assert.rejects(async () => keys.find({ alg: 'RS256', kid: `unknown-${i}` }, { payload: '', signature: '' }))
  assert.equal(loads(), 0)
})
