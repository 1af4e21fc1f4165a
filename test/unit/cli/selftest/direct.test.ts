import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildWorld } from '../../../../src/cli/selftest/build-world.ts'
import { directCases } from '../../../../src/cli/selftest/cases/direct.ts'
import { type Received, TIME_UP } from '../../../../src/cli/selftest/wire/send.ts'
import { received, response, worldOf } from './world.ts'

const upstreams = [{ host: 'app.internal', port: 5000, tls: false }]
const upstream = directCases[0]

const verdictFor = async (reply: Received) => {
  assert.equal(upstream?.id, 'direct-upstream')
  return upstream.run(worldOf(reply, { upstreams }))
}

for (const [what, status, reply] of [
  ['a refused connection', 'pass', { kind: 'unreached', code: 'ECONNREFUSED' }],
  ['no connection in time', 'pass', { kind: 'unreached', code: 'ETIMEDOUT' }],
  ['a denial', 'pass', received(response(401))],
  ['a denial without credentials that could help', 'pass', received(response(403))],
  ['a page', 'fail', received(response(200))],
  ['a redirect', 'fail', received(response(302, { Location: '/login' }))],
  ['a page that does not exist', 'fail', received(response(404))],
  ['an error', 'fail', received(response(500))],
  ['a connection that is closed at once', 'warning', { kind: 'closed' }],
  ['a connection that stays silent', 'warning', { kind: 'silent' }],
  ['a name without an address', 'not run', { kind: 'unreached', code: 'ENOTFOUND' }],
  ['a run whose time has ended', 'not run', { kind: 'unreached', code: TIME_UP }],
] satisfies [string, string, Received][])
  test(`for an application that must not be reachable, ${what} is: ${status}`, async () => {
    const verdict = await verdictFor(reply)
    assert.equal(verdict.status, status)
    assert.match(verdict.detail, /^app\.internal:5000: /)
    assert.equal(verdict.isUnanswered, status === 'not run' ? true : undefined)
  })

test('one application that is reachable outweighs those that are not', async () => {
  const replies: Received[] = [{ kind: 'unreached', code: 'ECONNREFUSED' }, received(response(200))]
  const world = worldOf(received(response(200)), {
    upstreams: [...upstreams, { host: 'b.internal', port: 1, tls: false }],
    sendTo: async () => replies.shift() ?? { kind: 'silent' },
  })
  const verdict = await upstream?.run(world)
  assert.deepEqual([verdict?.status, verdict?.detail.startsWith('b.internal:1: ')], ['fail', true])
})

test('when the time of the run has ended, nothing is sent', async () => {
  const place = { host: '192.0.2.1', port: 1, tls: false }
  const world = await buildWorld({ place, upstreams: [], admins: [], paths: [], rate: 100 }, () => true)
  assert.equal(world, undefined)
})
