import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer } from '../../signin/fake-issuer.ts'
import { startTokenKit } from '../kit.ts'

/** Tokens for one route (RFC 8707): their audience is its URL. */

let fake: FakeIssuer
before(async () => {
  fake = await startFakeIssuer()
})
after(() => fake.close())

const ON = { issuer: { routeAudiences: true, audiences: ['gateway'] } }

async function accepted(aud: unknown, route: string | undefined, over: Record<string, Record<string, unknown>> = ON) {
  const kit = startTokenKit(fake, over)
  const token = await fake.sign({ ...kit.claims(), aud })
  const outcome = kit.authorize(`Bearer ${token}`, route)
  return outcome.then(
    () => true,
    (error) => {
      assert.equal(error.reason, 'token-invalid')
      return false
    },
  )
}

test('a token for a route counts on that route, and on no other one', async () => {
  assert.equal(await accepted('https://o.example/mlflow', 'mlflow'), true)
  assert.equal(await accepted('https://o.example/mlflow', 'ops'), false)
  assert.equal(await accepted('https://o.example/mlflow', 'no such route: an endpoint of the gateway'), false)
  assert.equal(await accepted('https://api.example', 'core'), true)
})

test('a token for the gateway counts on every route', async () => {
  for (const aud of ['gateway', 'https://o.example', 'https://o.example/', ['https://o.example/mlflow', 'gateway']])
    assert.equal(await accepted(aud, 'ops'), true, String(aud))
})

test('a remembered token is still for its route only', async () => {
  const kit = startTokenKit(fake, ON)
  const token = await fake.sign({ ...kit.claims(), aud: 'https://o.example/mlflow' })
  await kit.authorize(`Bearer ${token}`, 'mlflow')
  await assert.rejects(kit.authorize(`Bearer ${token}`, 'ops'), { reason: 'token-invalid' })
  await kit.authorize(`Bearer ${token}`, 'mlflow')
})

test('without the setting, a URL is no audience; `issuer.resource` is one', async () => {
  const off = { issuer: { audiences: ['gateway'] } }
  for (const aud of ['https://o.example', 'https://o.example/mlflow', 'https://o.example.evil.example'])
    assert.equal(await accepted(aud, 'mlflow', off), false, aud)
  const resource = { issuer: { audiences: ['gateway'], resource: 'urn:modelops:gateway' } }
  assert.equal(await accepted('urn:modelops:gateway', 'mlflow', resource), true)
})

test('an opaque token for a route counts on that route only', async () => {
  const kit = startTokenKit(fake, { issuer: { ...ON.issuer, introspection: true } })
  const claims = { ...kit.claims(), typ: undefined, aud: 'https://o.example/mlflow' }
  fake.bent.introspection = () => ({ body: { active: true, token_type: 'Bearer', ...claims } })
  await kit.authorize('Bearer opaque-0123456789', 'mlflow')
  await assert.rejects(kit.authorize('Bearer opaque-0123456789', 'ops'), { reason: 'token-invalid' })
})
