import { A, B, type Case, JOB } from './case.ts'

const UPSTREAM = 'http://mlflow:5000'

const calls = (errors: string, responses: string | undefined, reason = 'unreachable') => ({
  [`modelops_gateway_upstream_errors_total{${A},upstream="${UPSTREAM}",reason="${reason}"}`]: errors,
  ...(responses !== undefined && {
    [`modelops_gateway_upstream_first_byte_duration_seconds_count{${B},upstream="${UPSTREAM}"}`]: responses,
  }),
})

const statuses = (rows: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(rows).map(([status, values]) => [
      `http_server_request_duration_seconds_count{${A},method="GET",route="mlflow",status="${status}"}`,
      values,
    ]),
  )

const durations = (fast: string, all: string, status = '200') => ({
  ...statuses({ [status]: all }),
  ...Object.fromEntries(
    [['1', fast] as const, ['10', all] as const, ['+Inf', all] as const].map(([le, values]) => [
      `http_server_request_duration_seconds_bucket{${A},method="GET",route="mlflow",status="${status}",le="${le}"}`,
      values,
    ]),
  ),
})

const WAITING = `modelops_gateway_upstream_requests_waiting{${A},upstream="${UPSTREAM}"}`

export const upstreams: readonly Case[] = [
  {
    alert: 'ModelopsGatewayUpstreamDown',
    when: 'when an application no longer responds',
    series: calls('0x5 0+20x20', '0+20x5 100x20'),
    at: 18,
    fires: { labels: { job: JOB, upstream: UPSTREAM } },
  },
  {
    alert: 'ModelopsGatewayUpstreamDown',
    when: 'when an application has never responded',
    series: calls('0+20x20', undefined),
    at: 8,
    fires: { labels: { job: JOB, upstream: UPSTREAM } },
  },
  {
    alert: 'ModelopsGatewayUpstreamDown',
    when: 'when it responds sometimes',
    series: calls('0+20x20', '0+20x20'),
    at: 18,
  },
  {
    alert: 'ModelopsGatewayUpstreamDown',
    when: 'after one failed request to an application without traffic',
    series: calls('0x5 1x20', '100x25'),
    at: 9,
  },
  {
    alert: 'ModelopsGatewayUpstreamDown',
    when: 'when clients stop sending',
    series: calls('0+20x20', undefined, 'client-stalled'),
    at: 18,
  },
  {
    alert: 'ModelopsGatewayUpstreamErrors',
    when: 'when a tenth of the requests fails',
    series: statuses({ 200: '0+90x20', 502: '0+10x20' }),
    at: 15,
    fires: { labels: { job: JOB, route: 'mlflow' }, value: '10%' },
  },
  {
    alert: 'ModelopsGatewayUpstreamErrors',
    when: 'when one of a hundred fails',
    series: statuses({ 200: '0+990x20', 500: '0+10x20' }),
    at: 15,
  },
  {
    alert: 'ModelopsGatewayUpstreamErrors',
    when: 'when denials are all that fails',
    series: statuses({ 200: '0+90x20', 403: '0+10x20' }),
    at: 15,
  },
  {
    alert: 'ModelopsGatewayLatency',
    when: 'when a tenth of the requests takes seconds',
    series: durations('0+90x30', '0+100x30'),
    at: 20,
    fires: { labels: { job: JOB, route: 'mlflow' }, value: '5.5s' },
  },
  {
    alert: 'ModelopsGatewayLatency',
    when: 'while requests are fast',
    series: durations('0+100x30', '0+100x30'),
    at: 20,
  },
  { alert: 'ModelopsGatewayLatency', when: 'for WebSockets', series: durations('0x30', '0+100x30', '101'), at: 20 },
  {
    alert: 'ModelopsGatewayLatency',
    when: 'for one slow upload in the night',
    series: durations('0x30', '0x10 1x20'),
    at: 20,
  },
  {
    alert: 'ModelopsGatewayUpstreamQueue',
    when: 'when requests wait for minutes',
    series: { [WAITING]: '4x20' },
    at: 10,
    fires: { labels: { job: JOB, instance: 'a:4181', upstream: UPSTREAM } },
  },
  {
    alert: 'ModelopsGatewayUpstreamQueue',
    when: 'when the queue is empty in between',
    series: { [WAITING]: '4 3 0 4 5 0 9x2 0 8x4' },
    at: 10,
  },
]
