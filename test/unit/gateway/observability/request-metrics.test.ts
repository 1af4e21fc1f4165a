import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregatorRegistry, Counter, Histogram, Registry } from 'prom-client'
import { RouteRequests } from '../../../../src/gateway/observability/request-metrics.ts'

const SEEN: [string, number, number][] = [
  ['mlflow', 200, 0.0004],
  ['mlflow', 204, 0.001],
  ['mlflow', 403, 0.0011],
  ['airflow', 502, 61],
  ['airflow', 101, 3],
]

function counted(): Registry {
  const registry = new Registry()
  const requests = new RouteRequests()
  for (const [route, status, seconds] of SEEN) requests.add(route, status, seconds)
  for (const metric of requests.metrics()) registry.registerMetric(metric)
  return registry
}

/** The same by the library's own counter and histogram. */
function byTheLibrary(): Registry {
  const registry = new Registry()
  const common = { help: 'any', registers: [registry] }
  const total = new Counter({ ...common, name: 'modelops_gateway_requests_total', labelNames: ['route', 'status'] })
  const seconds = new Histogram({
    ...common,
    name: 'modelops_gateway_request_seconds',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  })
  for (const [route, status, time] of SEEN) {
    total.inc({ route, status: `${Math.floor(status / 100)}xx` })
    seconds.observe({ route }, time)
  }
  return registry
}

const samples = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# HELP'))
    .toSorted()

test('what is told to Prometheus is what a counter and a histogram of the library would tell', async () => {
  assert.deepEqual(samples(await counted().metrics()), samples(await byTheLibrary().metrics()))
})

test('asking twice counts nothing twice', async () => {
  const registry = counted()
  assert.equal(await registry.metrics(), await registry.metrics())
})

test('the numbers of several workers add up', async () => {
  const each = await Promise.all([counted(), counted()].map((registry) => registry.getMetricsAsJSON()))
  const text = await AggregatorRegistry.aggregate(each).metrics()
  assert.match(text, /^modelops_gateway_requests_total\{route="mlflow",status="2xx"\} 4$/m)
  assert.match(text, /^modelops_gateway_request_seconds_bucket\{le="0.001",route="mlflow"\} 4$/m)
  assert.match(text, /^modelops_gateway_request_seconds_count\{route="airflow"\} 4$/m)
})
