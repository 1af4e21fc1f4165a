import assert from 'node:assert/strict'
import { test } from 'node:test'
import { framingVerdict, longLengthVerdict } from '../../../../src/cli/selftest/cases/framing-verdicts.ts'
import { policyVerdict } from '../../../../src/cli/selftest/cases/headers.ts'
import { certificateVerdict } from '../../../../src/cli/selftest/cases/tls.ts'
import { denied, oneOf, orClosed, refused, shown } from '../../../../src/cli/selftest/judges.ts'
import type { Response } from '../../../../src/cli/selftest/wire/response.ts'
import type { Received } from '../../../../src/cli/selftest/wire/send.ts'
import { received, response, worldOf } from './world.ts'

const NOTHING: Received[] = [{ kind: 'closed' }, { kind: 'silent' }, { kind: 'unreached', code: 'ECONNREFUSED' }]
const ok = received(response(200))
const world = worldOf(ok)
const to = (location: string) => response(302, { Location: location })

test('no response is never a pass, whatever was demanded', () => {
  for (const nothing of NOTHING)
    for (const judge of [(each: Received) => denied(world, each), refused, oneOf(403)]) {
      const verdict = judge(nothing)
      assert.deepEqual([verdict.status, verdict.isUnanswered], ['not run', true])
    }
})

test('a closed connection is a denial only if an ordinary request right after has a response', async () => {
  const judge = (isAlive: boolean) => orClosed(worldOf(ok, { isAlive }), { kind: 'closed' }, refused)
  assert.equal((await judge(true)).status, 'pass')
  assert.deepEqual([(await judge(false)).status, (await judge(false)).isUnanswered], ['not run', true])
  const silent = await orClosed(worldOf(ok), { kind: 'silent' }, refused)
  assert.equal(silent.status, 'not run')
})

for (const status of [429, 503])
  test(`${status} proves nothing: the target was unable to decide`, () => {
    for (const verdict of [denied(world, received(response(status))), refused(received(response(status)))])
      assert.deepEqual([verdict.status, verdict.isUnanswered], ['not run', true])
  })

for (const [what, status, reply] of [
  ['a client error', 'pass', response(401)],
  ['a method that is not supported', 'pass', response(501)],
  ['a success', 'fail', response(200)],
  ['a success without content', 'fail', response(204)],
  ['a tunnel', 'fail', response(101)],
  ['an application that does not respond: the request was forwarded', 'fail', response(502)],
  ['an internal error', 'fail', response(500)],
  ['the sign-in', 'pass', to('/auth/login?return_to=%2Fnotes')],
  ['the issuer', 'pass', to('https://issuer.example.com/authorize')],
  ['another host', 'fail', to('https://evil.example.com/')],
  ['another host without a scheme', 'fail', to('//evil.example.com/')],
  ['another host by backslash', 'fail', to('/\\evil.example.com/')],
  ['another host in the user part', 'fail', to('https://mlflow.example.com@evil.example.com/')],
  ['another port', 'fail', to('https://mlflow.example.com:8443/')],
  ['this host without TLS', 'fail', to('http://mlflow.example.com/')],
  ['a host that ends like this one', 'fail', to('https://evil-mlflow.example.com.evil.example/')],
  ['a script', 'fail', to('javascript:alert(1)')],
] satisfies [string, string, Response][])
  test(`for a request that must be denied, ${what} is a ${status}`, () => {
    assert.equal(denied(world, received(reply)).status, status)
  })

test('a denial is a client error and nothing else', () => {
  for (const status of [400, 401, 403, 404, 421]) assert.equal(refused(received(response(status))).status, 'pass')
  for (const status of [101, 200, 204, 302, 500, 502]) assert.equal(refused(received(response(status))).status, 'fail')
})

test('a verdict shows the reason of the gateway, and nothing else of a body', () => {
  assert.equal(shown(response(403, {}, '{"reason":"not-in-project"}')), 'status 403 not-in-project')
  for (const body of ['{"reason":"Secret: 1"}', '{"reason":["a"]}', 'secret', `{"reason":"${'a'.repeat(41)}"}`, 'null'])
    assert.equal(shown(response(403, {}, body)), 'status 403')
})

test('framing: two responses to one request fail, also after a denial, whatever is permitted', () => {
  for (const first of [200, 400])
    for (const demand of ['must', 'may'] as const)
      assert.equal(framingVerdict(received(response(first), response(200)), demand, true).status, 'fail')
})

test('framing: what must be rejected fails if it is accepted; what may be accepted is a warning', () => {
  assert.equal(framingVerdict(received(response(200)), 'must', true).status, 'fail')
  assert.equal(framingVerdict(received(response(200)), 'may', true).status, 'warning')
  assert.equal(framingVerdict(received(response(400)), 'must', true).status, 'pass')
  // A proxy that cannot read a body may say so with 502. 503 says that it cannot do anything.
  assert.equal(framingVerdict(received(response(502)), 'must', true).status, 'pass')
  assert.equal(framingVerdict(received(response(502)), 'must', false).status, 'not run')
  assert.equal(framingVerdict(received(response(503)), 'must', true).status, 'not run')
})

test('framing: without a response, only a closed connection of a target that lives is a pass', () => {
  const verdicts = NOTHING.flatMap((nothing) => [true, false].map((isAlive) => [nothing, isAlive] as const))
  const passed = verdicts.filter(([nothing, isAlive]) => framingVerdict(nothing, 'must', isAlive).status === 'pass')
  assert.deepEqual(passed, [[{ kind: 'closed' }, true]])
})

test('framing: one response on an open connection means that Content-Length was followed', () => {
  const one = { ...received(response(200)), closed: false } as Received
  assert.equal(longLengthVerdict(one, true).status, 'fail')
  assert.equal(longLengthVerdict(received(response(200)), true).status, 'warning')
  assert.equal(longLengthVerdict(received(response(200), response(200)), true).status, 'warning')
  assert.equal(longLengthVerdict(received(response(400)), true).status, 'pass')
  assert.equal(longLengthVerdict({ kind: 'closed' }, false).status, 'not run')
})

test('a policy must limit scripts, plugins and base addresses', () => {
  const strict = "default-src 'none'; base-uri 'none'; script-src 'sha256-abc'"
  assert.equal(policyVerdict(strict).status, 'pass')
  for (const weak of [
    undefined,
    '',
    "frame-ancestors 'none'",
    "default-src 'none'",
    "default-src *; base-uri 'none'",
    "default-src 'none'; base-uri 'none'; script-src 'unsafe-inline'",
    "default-src 'none'; base-uri 'none'; script-src https:",
    "default-src 'self'; base-uri 'none'",
    "default-src 'none'; base-uri *",
  ])
    assert.equal(policyVerdict(weak).status, 'fail', weak)
})

test('the verdict on a certificate depends on name, dates and authority', () => {
  const now = Date.UTC(2026, 0, 1)
  const day = 86_400_000
  const good = {
    ...{ error: undefined, isForHost: true, names: [], issuedBy: 'A' },
    ...{ validFrom: new Date(now - day), validTo: new Date(now + 60 * day) },
  }
  assert.equal(certificateVerdict(good, now).status, 'pass')
  assert.equal(certificateVerdict({ ...good, validTo: new Date(now + 13 * day) }, now).status, 'warning')
  for (const bad of [
    { isForHost: false },
    { validTo: new Date(now) },
    { validFrom: new Date(now + 1) },
    { error: 'SELF_SIGNED_CERT_IN_CHAIN' },
  ])
    assert.equal(certificateVerdict({ ...good, ...bad }, now).status, 'fail')
})
