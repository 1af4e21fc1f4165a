import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { Instruments } from '../../../../src/gateway/observability/metrics/instruments.ts'
import { buildStoreMetrics } from '../../../../src/gateway/observability/metrics/store-metrics.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { observeBackend } from '../../../../src/gateway/sessions/stores/observed-backend.ts'

function build() {
  const state = { isDown: false, reads: 0, now: 0 }
  const answer = async <T>(value: T) => {
    if (state.isDown) throw new Error('down')
    return value
  }
  const registry = new Registry()
  const store = {
    kind: 'redis',
    ping: () => answer(undefined),
    count() {
      state.reads += 1
      return answer(42)
    },
  }
  const { finished } = buildStoreMetrics(new Instruments(registry), store, () => state.now)
  return { state, registry, finished }
}

test('the sessions of a store are read when Prometheus asks, at most once in 15 s', async () => {
  const { state, registry } = build()
  const [first, second] = await Promise.all([registry.metrics(), registry.metrics()])
  assert.match(first, /^modelops_gateway_sessions_active\{store="redis"\} 42$/m)
  assert.match(second, /^modelops_gateway_store_ready 1$/m)
  state.now = 14_999
  await registry.metrics()
  assert.equal(state.reads, 1)
  state.now = 15_000
  await registry.metrics()
  assert.equal(state.reads, 2)
})

test('a store that is down is not ready, and nothing is known of its sessions', async () => {
  const { state, registry } = build()
  await registry.metrics()
  Object.assign(state, { isDown: true, now: 15_000 })
  const text = await registry.metrics()
  assert.match(text, /^modelops_gateway_store_ready 0$/m)
  assert.doesNotMatch(text, /^modelops_gateway_sessions_active\{/m)
})

test('operations of a store are timed, and those that fail are counted', async () => {
  const { registry, finished } = build()
  const backend = observeBackend(new MemoryBackend(Date.now), finished)
  await backend.get('none')
  const lease = await backend.acquireLease('name', 10)
  await lease?.release()
  const failing = observeBackend(
    Object.assign(new MemoryBackend(Date.now), { ping: () => Promise.reject(new Error('down')) }),
    finished,
  )
  await assert.rejects(failing.ping(), /down/)
  const text = await registry.metrics()
  for (const [operation, failures] of [
    ['get', 0],
    ['acquireLease', 0],
    ['releaseLease', 0],
    ['ping', 1],
  ] as const) {
    const labels = `store="redis",operation="${operation}"`
    assert.ok(text.includes(`modelops_gateway_store_operation_duration_seconds_count{${labels}} 1`), operation)
    assert.ok(text.includes(`modelops_gateway_store_errors_total{${labels}} ${failures}`), operation)
  }
})
