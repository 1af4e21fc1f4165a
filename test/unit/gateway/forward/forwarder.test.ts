import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildForwarder, type UpstreamKey } from '../../../../src/gateway/forward/forwarder.ts'
import { releaseUpstreams } from '../../../../src/gateway/runtime/runtime.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { parsedConfig } from './parsed-config.ts'

/** Which connections to upstreams remain after a reload: each pool has a timer, so one too many is a leak. */

const ORIGIN = 'http://127.0.0.1:1'
const forwarder = () => buildForwarder(parsedConfig([]).limits, systemClock)

test('the connections with a timeout that no route has any more are retired, those with another one stay', () => {
  const { upstreamOf, retire } = forwarder()
  const [previous, kept] = [5000, 4000].map((connectMs) => upstreamOf({ origin: ORIGIN, connectMs }))
  retire(({ connectMs }) => connectMs !== 4000)
  assert.equal(previous?.isOver, true)
  assert.equal(kept?.isOver, false)
  assert.equal(upstreamOf({ origin: ORIGIN, connectMs: 4000 }), kept)
  kept?.close()
})

test('a request from before the reload that asks for them again gets connections that nobody else gets', () => {
  const { upstreamOf, retire } = forwarder()
  retire(() => true)
  const late = upstreamOf({ origin: ORIGIN, connectMs: 5000 })
  assert.equal(late.isOver, true)
  assert.notEqual(upstreamOf({ origin: ORIGIN, connectMs: 5000 }), late)
})

/** What a reload to these routes retires. */
function retiredBy(routes: readonly Record<string, unknown>[]): (upstream: UpstreamKey) => boolean {
  let isOver: ((upstream: UpstreamKey) => boolean) | undefined
  const retire = (now: (upstream: UpstreamKey) => boolean) => {
    isOver = now
  }
  releaseUpstreams({ config: parsedConfig(routes), components: { forwarder: { retire } } })
  assert.ok(isOver)
  return isOver
}

test('a reload that changes a timeout of a route retires the connections with the previous one', () => {
  const isOver = retiredBy([{ connectSeconds: 4 }])
  assert.equal(isOver({ origin: ORIGIN, connectMs: 5000 }), true)
  assert.equal(isOver({ origin: 'http://127.0.0.1:2', connectMs: 4000 }), true)
  assert.equal(isOver({ origin: ORIGIN, connectMs: 4000 }), false)
})

test('the connections of two routes with different timeouts to one upstream stay both', () => {
  const isOver = retiredBy([{ connectSeconds: 4 }, { path: '/b', name: 'b' }])
  for (const connectMs of [4000, 5000]) assert.equal(isOver({ origin: ORIGIN, connectMs }), false)
})

test('the connections of an MLflow of one project stay with the timeout of its route', () => {
  const instances = { '11111111-1111-4111-8111-111111111111': 'http://127.0.0.1:3' }
  const isOver = retiredBy([{ app: 'mlflow', access: 'project', mlflow: { tenancy: 'instance', instances } }])
  assert.equal(isOver({ origin: 'http://127.0.0.1:3', connectMs: 5000 }), false)
  assert.equal(isOver({ origin: 'http://127.0.0.1:3', connectMs: 4000 }), true)
})
