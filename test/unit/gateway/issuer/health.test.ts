import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { IssuerHealth } from '../../../../src/gateway/issuer/health.ts'

const URL_OF = 'https://sso.example'
const INTERVAL_MS = 30_000
const RIGHT = () => Response.json({ issuer: URL_OF })
const refused = () => {
  throw new TypeError('fetch failed', {
    cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  })
}

/** A health with a clock that the test moves, and an issuer that responds as told. */
function watched(t: TestContext, respond: () => Response | Promise<Response> = RIGHT) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const state = { now: 1_800_000_000_000, respond, probes: 0 }
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const fetch = async (url: string) => {
    if (url.endsWith('/.well-known/openid-configuration')) state.probes += 1
    return state.respond()
  }
  const health = new IssuerHealth({
    url: URL_OF,
    intervalMs: INTERVAL_MS,
    timeoutMs: 8000,
    clock: () => state.now,
    log,
    fetch,
  })
  t.after(() => health.close())
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      state.now += 250
      t.mock.timers.tick(250)
      for (let i = 0; i < 8; i += 1) await Promise.resolve()
      await new Promise(setImmediate)
    }
  }
  const events = () => lines.map(({ event }) => event)
  return { state, health, lines, events, pass }
}

test('an issuer that responds is probed about once in an interval, and nothing is logged', async (t) => {
  const { state, health, events, pass } = watched(t)
  health.watch()
  await pass(10 * INTERVAL_MS)
  assert.ok(state.probes >= 8 && state.probes <= 13, String(state.probes))
  assert.deepEqual([events(), health.isDown], [[], false])
})

test('the probes of many processes spread over half an interval', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { mock } = t.mock.method(globalThis, 'setTimeout')
  const log = pino({ level: 'silent' })
  for (let i = 0; i < 200; i += 1)
    new IssuerHealth({ url: URL_OF, intervalMs: INTERVAL_MS, timeoutMs: 8000, clock: () => 0, log }).watch()
  const waits = mock.calls.map(({ arguments: [, ms] }) => Number(ms))
  assert.equal(waits.length, 200)
  assert.ok(Math.min(...waits) >= 0.75 * INTERVAL_MS && Math.max(...waits) <= 1.25 * INTERVAL_MS)
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const from = (0.75 + tenth / 20) * INTERVAL_MS
    const count = waits.filter((ms) => ms >= from && ms < from + INTERVAL_MS / 20).length
    assert.ok(count <= 50, `${count} of 200 processes in one twentieth of an interval`)
  }
})

test('requests that the issuer responds to take the place of probes, whatever they are about', async (t) => {
  const { state, health, pass } = watched(t)
  health.watch()
  for (let i = 0; i < 30; i += 1) {
    state.respond = () => new Response('{"error":"invalid_grant"}', { status: 400 })
    await health.fetch(`${URL_OF}/token`, { method: 'POST' })
    state.respond = RIGHT
    await pass(INTERVAL_MS / 3)
  }
  assert.equal(state.probes, 0)
})

test('one failure is no outage, the second is: logged once with cause and time, however long it lasts', async (t) => {
  const { state, health, lines, events, pass } = watched(t, refused)
  health.watch()
  while (state.probes === 0) await pass(250)
  assert.deepEqual([health.isDown, events()], [false, []])
  const failedAt = state.now
  await pass(2000)
  assert.deepEqual([health.isDown, events()], [true, ['issuer-down']])
  assert.match(String(lines[0]?.cause), /fetch failed: connect ECONNREFUSED/)
  assert.ok(Math.abs(Date.parse(String(lines[0]?.since)) - failedAt) <= 250)
  await pass(20 * INTERVAL_MS)
  assert.deepEqual(events(), ['issuer-down'])
  assert.ok(state.probes <= 40, `${state.probes} probes in ten minutes of outage`)
  state.respond = RIGHT
  await pass(2 * INTERVAL_MS)
  assert.deepEqual([health.isDown, events()], [false, ['issuer-down', 'issuer-up']])
  const down = Number(lines[1]?.down_seconds)
  assert.ok(down >= 600 && down <= 665, String(down))
  await pass(5 * INTERVAL_MS)
  assert.equal(events().length, 2)
})

test('an accident of the network is not reported', async (t) => {
  const { state, health, events, pass } = watched(t, refused)
  health.watch()
  while (state.probes === 0) await pass(250)
  state.respond = RIGHT
  await pass(10 * INTERVAL_MS)
  assert.deepEqual([health.isDown, events()], [false, []])
})

test('a failed request of somebody else makes the gateway look at once, and is no outage by itself', async (t) => {
  const { state, health, events, pass } = watched(t)
  health.watch()
  state.respond = () => new Response('', { status: 500 })
  for (let i = 0; i < 20; i += 1) {
    state.respond = () => new Response('', { status: 500 })
    await health.fetch(`${URL_OF}/token`, { method: 'POST' })
    state.respond = RIGHT
    if (state.probes === 0) await pass(250)
  }
  assert.deepEqual([state.probes, health.isDown, events()], [1, false, []])
  state.respond = refused
  await assert.rejects(health.fetch(`${URL_OF}/token`, { method: 'POST' }), TypeError)
  await pass(4000)
  assert.deepEqual([health.isDown, events()], [true, ['issuer-down']])
})

const DEAD: Record<string, () => Response | Promise<Response>> = {
  'a refused connection': refused,
  'a proxy without the server behind it': () => new Response('bad gateway', { status: 502 }),
  'an ingress without a route': () => new Response('not found', { status: 404 }),
  'a maintenance page with status 200': () => new Response('<h1>Maintenance</h1>'),
  'the metadata of another issuer': () => Response.json({ issuer: 'https://other.example' }),
  'a redirect to a status page': () =>
    new Response('', { status: 302, headers: { location: 'https://status.example' } }),
  'JSON that is no object': () => new Response('null'),
}
for (const [name, respond] of Object.entries(DEAD)) {
  test(`down is ${name}`, async (t) => {
    const { health, lines, pass } = watched(t, respond)
    health.watch()
    await pass(2 * INTERVAL_MS)
    assert.equal(health.isDown, true)
    assert.equal(lines.length, 1)
    assert.ok(health.cause)
  })
}

test('who is about to depend on the issuer learns it from the issuer itself, before it counts as down', async (t) => {
  const { state, health } = watched(t)
  assert.equal(await health.responds({ recentMs: 1000, ifLate: true }), true)
  state.now += 1000
  state.respond = refused
  assert.equal(await health.responds({ recentMs: 1000, ifLate: true }), false)
  assert.equal(health.isDown, false)
  state.respond = RIGHT
  state.now += 1000
  assert.equal(await health.responds({ recentMs: 1000, ifLate: true }), true)
})

test('a flood of sign-ins during an outage is one probe a second', async (t) => {
  const { state, health } = watched(t, refused)
  const flood = () => Promise.all(Array.from({ length: 200 }, () => health.responds({ recentMs: 1000, ifLate: true })))
  assert.ok((await flood()).every((responds) => !responds))
  assert.ok((await flood()).every((responds) => !responds))
  assert.equal(state.probes, 1)
  state.now += 1000
  await flood()
  assert.equal(state.probes, 2)
})

test('a flood of sign-ins at an issuer that responds is one probe a second as well', async (t) => {
  const { state, health } = watched(t)
  for (let i = 0; i < 200; i += 1) assert.equal(await health.responds({ recentMs: 1000, ifLate: true }), true)
  assert.equal(state.probes, 1)
})

test('an issuer that takes long is not waited for: what is known so far decides', async (t) => {
  for (const ifLate of [true, false]) {
    const { health } = watched(t, () => new Promise(() => {}))
    const waiting = health.responds({ recentMs: 0, ifLate })
    t.mock.timers.tick(2000)
    assert.equal(await waiting, ifLate)
    t.mock.timers.reset()
  }
})

test('nothing is probed after the end', async (t) => {
  const { state, health, pass } = watched(t, refused)
  health.watch()
  health.close()
  await assert.rejects(health.fetch(`${URL_OF}/token`, {}))
  await pass(3 * INTERVAL_MS)
  assert.equal(state.probes, 0)
})

test('a clock that is set back makes nothing recent', async (t) => {
  const { state, health } = watched(t)
  await health.responds({ recentMs: 1000, ifLate: true })
  state.now -= 3_600_000
  state.respond = refused
  assert.equal(await health.responds({ recentMs: 1000, ifLate: true }), false)
})

test('an outage that begins soon after a single failure is noticed as fast as any other', async (t) => {
  const { state, health, pass } = watched(t)
  health.watch()
  state.respond = () => new Response('', { status: 500 })
  await health.fetch(`${URL_OF}/token`, {})
  state.respond = RIGHT
  await health.fetch(`${URL_OF}/token`, {})
  state.respond = refused
  await assert.rejects(health.fetch(`${URL_OF}/token`, {}))
  await pass(5000)
  assert.equal(health.isDown, true)
})

test('an issuer that limits or denies requests for its metadata responds', async (t) => {
  for (const status of [401, 403, 429]) {
    const { health } = watched(t, () => new Response('', { status }))
    assert.equal(await health.responds({ recentMs: 0, ifLate: false }), true)
    t.mock.timers.reset()
    t.mock.restoreAll()
  }
})
