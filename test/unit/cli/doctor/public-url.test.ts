import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { proxyCheck } from '../../../../src/cli/doctor/checks/proxy.ts'
import { readyCheck } from '../../../../src/cli/doctor/checks/ready.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'
import { buildSigner } from '../../../../src/gateway/forward/headers/assertion.ts'
import { clientConfig } from '../../../../src/gateway/signin/client-config.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { configOf, NOBODY, type Replies, startFake } from '../check/kit.ts'
import { linesOf, run, worldOf } from './kit.ts'

/** A configuration whose public URL is this server. */
const at = (publicUrl: string, server: object = {}): Config => {
  const config = configOf({})
  return { ...config, server: { ...config.server, publicUrl, ...server } }
}

/** What a gateway with this configuration responds. */
async function gateway(origin: string, server: object = {}, secrets?: string[]): Promise<Replies> {
  const config = at(origin, server)
  const signer = await buildSigner({ issuer: origin, clock: systemClock, secrets: secrets ?? config.session.secrets })
  return {
    '/healthz': { body: { status: 'alive' } },
    '/auth/jwks.json': { body: signer.jwks },
    '/auth/client-config': { body: clientConfig(config) },
    '/auth/verify': { status: 403, body: { reason: 'proxy-untrusted' } },
  }
}

async function linesFor(t: TestContext, change: Replies, server: object = {}, secrets?: string[]): Promise<string> {
  const table: Record<string, Replies[string]> = {}
  const url = await startFake(t, () => table)
  Object.assign(table, await gateway(url, server, secrets), change)
  return linesOf(await run(proxyCheck, worldOf(at(url, server)))).join('\n')
}

test('the public URL leads to this gateway', async (t) => {
  assert.match(await linesFor(t, {}), /^ok: http:\/\/127\.0\.0\.1:\d+ leads to this gateway$/)
})

const FRONTS: [string, Replies[string], RegExp][] = [
  ['a proxy that changes Host', { status: 421, body: { reason: 'unknown-host' } }, /^failed: .*status 421/],
  ['a proxy that does not reach the gateway', { status: 502 }, /^failed: .*status 502/],
  ['another server', { body: '<html>Welcome' }, /^failed: .*expected the gateway/],
]
for (const [name, reply, expected] of FRONTS) {
  test(`${name} in front is found`, async (t) => {
    assert.match(await linesFor(t, { '/healthz': reply }), expected)
  })
}

test('a gateway with other secrets, or with another configuration, is told from this one', async (t) => {
  const other = await linesFor(t, {}, {}, ['other-secrets-of-the-tests-with-32-bytes'])
  assert.match(other, /^failed: .*leads to a gateway with other secrets/)
  const old = await linesFor(t, { '/auth/client-config': { body: { issuer: 'https://old.example' } } })
  assert.match(old, /^warning: .*leads to a gateway with other routes or another issuer/)
})

test('whether the gateway trusts the proxy shows in how it denies /auth/verify', async (t) => {
  const trusted = { trustedProxies: ['10.0.0.0/8'] }
  assert.match(await linesFor(t, {}, trusted), /\nwarning: the gateway does not trust the proxy in front/)
  const yes = { '/auth/verify': { status: 400, body: { reason: 'request-malformed' } } }
  assert.match(await linesFor(t, yes, trusted), /\nok: the gateway trusts the proxy in front$/)
  assert.match(
    await linesFor(t, { '/auth/verify': { status: 404 } }, trusted),
    /\nskipped: trusted proxies: cannot be seen/,
  )
})

test('a public URL that cannot be reached from here is a warning', async () => {
  assert.match(linesOf(await run(proxyCheck, worldOf(at(NOBODY)))).join(), /^warning: .*not reachable from here/)
})

const READY: [string, Replies[string] | undefined, RegExp][] = [
  ['a gateway that is ready', { body: { status: 'ready', issuer: 'ready', store: 'ready' } }, /^ok: /],
  [
    'one whose issuer is down',
    { body: { status: 'degraded', issuer: 'down', store: 'ready' } },
    /^warning: .*degraded: issuer down$/,
  ],
  [
    'one whose audit trail fails',
    { body: { status: 'degraded', issuer: 'ready', store: 'ready', audit: 'down' } },
    /^warning: .*does not record its audit trail$/,
  ],
  [
    'one whose store is down',
    { status: 503, body: { status: 'not ready', store: 'down' } },
    /^failed: .*not ready: store down$/,
  ],
  ['another program on its port', undefined, /^failed: .*is not a gateway \(status 404\)/],
]
for (const [name, reply, expected] of READY) {
  test(`running gateway: ${name}`, async (t) => {
    const url = await startFake(t, () => (reply === undefined ? {} : { '/readyz': reply }))
    const world = worldOf(at('https://o.example', { listen: new URL(url).host.replace('127.0.0.1', '0.0.0.0') }))
    assert.match(linesOf(await run(readyCheck, world)).join(), expected)
  })
}

test('running gateway: none on this machine is a warning', async () => {
  assert.match(
    linesOf(await run(readyCheck, worldOf(at('https://o.example', { listen: '127.0.0.1:1' })))).join(),
    /^warning: no gateway listens/,
  )
})
