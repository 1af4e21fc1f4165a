import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Call, type Exchange } from '../../../../src/gateway/upstream/exchange.ts'
import { FairShare } from '../../../../src/gateway/upstream/fair-share.ts'
import { ask, openUpstream, startRaw } from './kit.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'

/** Takes as many as the tenants may have, in turns. */
function filled(max: number, share: number, names: readonly string[]): number[] {
  const shares = new FairShare(max, share)
  const tenants = names.map((name) => shares.tenant(name))
  for (let more = true; more; ) {
    more = false
    for (const tenant of tenants) {
      if (!shares.mayTake(tenant)) continue
      shares.take(tenant)
      more = true
    }
  }
  return tenants.map(({ held }) => held)
}

for (const [share, names, held] of [
  [0.5, ['a'], [128]],
  [0.5, ['a', 'b'], [85, 85]],
  [0.5, ['a', 'b', 'c'], [64, 64, 64]],
  [0.75, ['a'], [192]],
  [1, ['a'], [256]],
] as const) {
  test(`with a share of ${share}, ${names.length} tenants get ${held.join(', ')} of 256 connections`, () => {
    assert.deepEqual(filled(256, share, names), held)
  })
}

test('with one connection every tenant may have it', () => assert.deepEqual(filled(1, 0.5, ['a', 'b']), [1, 0]))

test('more tenants than connections: none holds two', () => {
  const held = filled(8, 0.5, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])
  assert.deepEqual(held, [1, 1, 1, 1, 1, 1, 1, 1, 0, 0])
})

/** A waiting call that says who it is. */
const callOf = (name: string) => new Call({ tenant: name, method: 'GET', head: name } as Exchange)

test('tenants that wait take turns, whatever number of calls each has; cancelled calls have none', () => {
  const shares = new FairShare(1, 0.5)
  const busy = shares.tenant('busy')
  shares.take(busy)
  for (const name of ['a', 'a', 'a', 'a', 'b', 'c', 'c']) shares.wait(shares.tenant(name), callOf(name), 10)
  for (const call of shares.waiting()) if (call.exchange.head === 'b') call.abort()
  shares.giveBack(busy)
  const order: string[] = []
  for (let turn = shares.next(); turn; turn = shares.next()) order.push(turn.call.exchange.head)
  assert.equal(order.join(''), 'acacaa')
  assert.equal(shares.isWaiting, false)
})

test('no tenant that holds its share is served before one that holds less', () => {
  const shares = new FairShare(4, 0.5)
  const greedy = shares.tenant('greedy')
  shares.take(greedy)
  shares.take(greedy)
  shares.wait(greedy, callOf('greedy'), 10)
  shares.wait(shares.tenant('other'), callOf('other'), 10)
  assert.equal(shares.next()?.call.exchange.head, 'other')
  assert.equal(shares.next(), undefined)
  shares.giveBack(greedy)
  assert.equal(shares.next()?.call.exchange.head, 'greedy')
})

test('calls that have waited too long leave in order, and tenants without any are forgotten', () => {
  const shares = new FairShare(1, 0.5)
  const a = shares.tenant('a')
  for (const until of [5, 6, 20]) shares.wait(a, callOf(String(until)), until)
  assert.deepEqual(
    shares.expire(6).map(({ exchange }) => exchange.head),
    ['5', '6'],
  )
  assert.equal(shares.tenant('a'), a)
  shares.expire(20)
  assert.equal(shares.isWaiting, false)
  assert.notEqual(shares.tenant('a'), a)
})

/** An upstream whose `/slow` responds after 300 ms, whose `/fails` responds 500 and closes, and counts who is in it. */
async function sharedUpstream(t: TestContext, maxConnections: number, tenantShare: number) {
  const { server, origin } = await startRaw((socket) =>
    socket.on('data', async (bytes) => {
      const path = bytes.toString('latin1').split(' ')[1]
      if (path === '/slow') await sleep(300)
      if (path !== '/fails') socket.write(OK)
      else {
        socket.write('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n')
        setTimeout(() => socket.end(), 1)
      }
    }),
  )
  const upstream = openUpstream(origin, { maxConnections, tenantShare, connectMs: 5000 })
  t.after(() => {
    upstream.close()
    server.close()
  })
  return upstream
}

const to = (tenant: string, path: string) => ({ tenant, head: `GET ${path} HTTP/1.1\r\n\r\n` })

/** The attacker's load: more slow requests than the pool has connections, renewed, and three loops of failing ones. */
function attack(upstream: Awaited<ReturnType<typeof sharedUpstream>>, tenant: string) {
  let going = true
  const loop = async (path: string) => {
    while (going) await ask(upstream, { ...to(tenant, path), responseMs: 5000 })
  }
  const loops = [...Array.from({ length: 40 }, () => loop('/slow')), ...Array.from({ length: 3 }, () => loop('/fails'))]
  return async () => {
    going = false
    await Promise.all(loops)
  }
}

/** POSTs one after the other, as another tenant. @returns How many failed, and the longest wait in ms */
async function experience(upstream: Awaited<ReturnType<typeof sharedUpstream>>, tenant: string) {
  let failed = 0
  let longest = 0
  for (let i = 0; i < 100; i += 1) {
    const before = performance.now()
    const outcome = await ask(upstream, { tenant, method: 'POST', repeatable: false })
    longest = Math.max(longest, performance.now() - before)
    if (outcome.status !== 200) failed += 1
  }
  return { failed, longest }
}

test('a tenant that takes all it can makes no request of another fail, nor wait for its slow ones', async (t) => {
  const upstream = await sharedUpstream(t, 16, 0.5)
  const stop = attack(upstream, 'attacker')
  const { failed, longest } = await experience(upstream, 'victim')
  await stop()
  t.diagnostic(`victim: ${failed} of 100 failed, longest ${longest.toFixed(0)} ms`)
  assert.equal(failed, 0)
  assert.ok(longest < 250, `${longest} ms: it waited for a slow request`)
})

test('two tenants that do so at once change nothing', async (t) => {
  const upstream = await sharedUpstream(t, 16, 0.5)
  const stops = ['attacker', 'accomplice'].map((tenant) => attack(upstream, tenant))
  const { failed, longest } = await experience(upstream, 'victim')
  await Promise.all(stops.map((stop) => stop()))
  assert.equal(failed, 0)
  assert.ok(longest < 250, `${longest} ms: it waited for a slow request`)
})

test('with a share of 1 all connections may be taken, and the other tenant still takes its turn', async (t) => {
  const upstream = await sharedUpstream(t, 4, 1)
  const stop = attack(upstream, 'attacker')
  const outcomes = []
  for (let i = 0; i < 3; i += 1) outcomes.push((await ask(upstream, to('victim', '/'))).status)
  await stop()
  assert.deepEqual(outcomes, [200, 200, 200])
})
