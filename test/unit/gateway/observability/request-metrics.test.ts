import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregatorRegistry, Registry } from 'prom-client'
import { buildRequestMetrics } from '../../../../src/gateway/observability/request-metrics.ts'

const SEEN: [string, number | undefined, number][] = [
  ['mlflow', 200, 0.0004],
  ['mlflow', 204, 0.001],
  ['mlflow', 403, 0.0011],
  ['airflow', 502, 61],
  ['airflow', 101, 3],
  ['airflow', undefined, 1],
]

function counted(): Registry {
  const registry = new Registry()
  const observe = buildRequestMetrics(registry)
  for (const [route, status, seconds] of SEEN) observe(route, status, seconds, 10)
  return registry
}

test('requests are counted by route and status class, with their durations and bytes', async () => {
  const text = await counted().metrics()
  for (const line of [
    'modelops_gateway_requests_total{route="mlflow",status="2xx"} 2',
    'modelops_gateway_requests_total{route="mlflow",status="4xx"} 1',
    'modelops_gateway_requests_total{route="airflow",status="1xx"} 1',
    'modelops_gateway_requests_total{route="airflow",status="none"} 1',
    'modelops_gateway_request_seconds_bucket{le="0.001",route="mlflow"} 2',
    'modelops_gateway_request_seconds_bucket{le="60",route="airflow"} 2',
    'modelops_gateway_request_seconds_count{route="airflow"} 3',
    'modelops_gateway_response_bytes_total{route="mlflow"} 30',
  ])
    assert.ok(text.split('\n').includes(line), line)
})

test('the numbers of several workers add up', async () => {
  const each = await Promise.all([counted(), counted()].map((registry) => registry.getMetricsAsJSON()))
  const text = await AggregatorRegistry.aggregate(each).metrics()
  assert.match(text, /^modelops_gateway_requests_total\{route="mlflow",status="2xx"\} 4$/m)
  assert.match(text, /^modelops_gateway_request_seconds_bucket\{le="0.001",route="mlflow"\} 4$/m)
  assert.match(text, /^modelops_gateway_request_seconds_count\{route="airflow"\} 6$/m)
})
