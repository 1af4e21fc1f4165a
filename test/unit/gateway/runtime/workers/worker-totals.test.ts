import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregatorRegistry, Registry } from 'prom-client'
import { Instruments } from '../../../../../src/gateway/observability/metrics/instruments.ts'
import { type MetricSnapshot, WorkerTotals } from '../../../../../src/gateway/runtime/workers/worker-totals.ts'

/** What a worker tells that saw these requests. */
async function worker(requests: Record<string, number>): Promise<MetricSnapshot[]> {
  const instruments = new Instruments(new Registry())
  const refusals = instruments.counter('modelops_gateway_refusals_total')
  const seconds = instruments.histogram('modelops_gateway_session_refresh_duration_seconds').labels({})
  instruments.gauge('modelops_gateway_projects').set(7)
  for (const [reason, times] of Object.entries(requests)) {
    refusals.labels({ reason }).inc(times)
    for (let i = 0; i < times; i += 1) seconds.observe(0.2)
  }
  return (await instruments.registry.getMetricsAsJSON()) as unknown as MetricSnapshot[]
}

const textOf = (...snapshots: MetricSnapshot[][]) => AggregatorRegistry.aggregate(snapshots).metrics()

test('counters and histograms of workers that have exited stay in the sum, and gauges do not', async () => {
  const totals = new WorkerTotals()
  totals.add(await worker({ 'no-route': 2, 'login-required': 1 }))
  totals.add(await worker({ 'no-route': 3 }))
  const text = await textOf(await worker({ 'no-route': 5 }), totals.snapshots())
  for (const line of [
    'modelops_gateway_refusals_total{reason="no-route"} 10',
    'modelops_gateway_refusals_total{reason="login-required"} 1',
    'modelops_gateway_session_refresh_duration_seconds_bucket{le="0.1"} 0',
    'modelops_gateway_session_refresh_duration_seconds_bucket{le="0.25"} 11',
    'modelops_gateway_session_refresh_duration_seconds_count 11',
    'modelops_gateway_projects 7',
  ])
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`)
  assert.doesNotMatch(await textOf(totals.snapshots()), /modelops_gateway_projects/)
})

test('reading the totals does not change them, and a metric can be forgotten', async () => {
  const totals = new WorkerTotals()
  totals.add(await worker({ 'no-route': 2 }))
  assert.deepEqual(totals.snapshots(), totals.snapshots())
  totals.forget(['modelops_gateway_refusals_total'])
  assert.doesNotMatch(await textOf(totals.snapshots()), /refusals/)
})
