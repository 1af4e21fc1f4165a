import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregatorRegistry, Registry } from 'prom-client'
import { Instruments } from '../../../../src/gateway/observability/metrics/instruments.ts'
import {
  buildRequestMetrics,
  type FinishedRequest,
  type RequestMetrics,
} from '../../../../src/gateway/observability/metrics/request-metrics.ts'

const SEEN: [string, string, number | undefined, number][] = [
  ['mlflow', 'GET', 200, 0.0004],
  ['mlflow', 'GET', 200, 0.001],
  ['mlflow', 'POST', 403, 0.0011],
  ['airflow', 'GET', 502, 61],
  ['airflow', 'GET', 101, 3],
  ['airflow', 'GET', undefined, 1],
]

const finished = (
  route: string | undefined,
  method: string,
  status: number | undefined,
  seconds = 0,
): FinishedRequest => ({
  ...{ route, method, status, seconds, receivedBytes: 3, sentBytes: 10, project: undefined },
})

function build(): { registry: Registry; metrics: RequestMetrics } {
  const registry = new Registry()
  return { registry, metrics: buildRequestMetrics(new Instruments(registry)) }
}

function counted(): Registry {
  const { registry, metrics } = build()
  for (const [route, method, status, seconds] of SEEN) metrics.finished(finished(route, method, status, seconds))
  return registry
}

test('requests are counted by route, method and status, with their durations and bytes', async () => {
  const lines = (await counted().metrics()).split('\n')
  const name = 'http_server_request_duration_seconds'
  for (const line of [
    `${name}_count{method="GET",route="mlflow",status="200"} 2`,
    `${name}_count{method="POST",route="mlflow",status="403"} 1`,
    `${name}_count{method="GET",route="airflow",status="101"} 1`,
    `${name}_count{method="GET",route="airflow",status="none"} 1`,
    `${name}_bucket{le="0.001",method="GET",route="mlflow",status="200"} 2`,
    `${name}_bucket{le="60",method="GET",route="airflow",status="502"} 0`,
    `${name}_bucket{le="+Inf",method="GET",route="airflow",status="502"} 1`,
    `${name}_sum{method="GET",route="airflow",status="502"} 61`,
    'http_server_response_body_bytes_total{route="mlflow"} 30',
    'http_server_request_body_bytes_total{route="airflow"} 9',
  ])
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`)
})

test('the numbers of several workers add up', async () => {
  const each = await Promise.all([counted(), counted()].map((registry) => registry.getMetricsAsJSON()))
  const text = await AggregatorRegistry.aggregate(each).metrics()
  const name = 'http_server_request_duration_seconds'
  assert.match(text, new RegExp(`^${name}_count\\{method="GET",route="mlflow",status="200"\\} 4$`, 'm'))
  assert.match(text, new RegExp(`^${name}_bucket\\{le="0.001",method="GET",route="mlflow",status="200"\\} 4$`, 'm'))
  assert.match(text, /^http_server_response_body_bytes_total\{route="mlflow"\} 60$/m)
})

test('methods that clients invent and statuses that upstreams invent share a series', async () => {
  const { registry, metrics } = build()
  for (let i = 0; i < 1000; i += 1) {
    metrics.finished(finished('mlflow', `METHOD${i}`, 200))
    metrics.finished(finished('mlflow', 'GET', 600 + (i % 400)))
  }
  const text = await registry.metrics()
  const series = [...text.matchAll(/^http_server_request_duration_seconds_count\{(.*)\}/gm)].map(([, labels]) => labels)
  assert.deepEqual(series, [
    'method="_OTHER",route="mlflow",status="200"',
    'method="GET",route="mlflow",status="6xx"',
    'method="GET",route="mlflow",status="7xx"',
    'method="GET",route="mlflow",status="8xx"',
    'method="GET",route="mlflow",status="9xx"',
  ])
  assert.doesNotMatch(text, /METHOD/)
})
