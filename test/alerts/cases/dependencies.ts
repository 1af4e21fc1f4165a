import { A, B, type Case, JOB } from './case.ts'

const ready = (name: string, a: string, b: string) => ({
  [`modelops_gateway_${name}{${A}}`]: a,
  [`modelops_gateway_${name}{${B}}`]: b,
})

/** A histogram with these numbers of operations at or below 0.1 s, 1 s and in total, each minute. */
const operations = (fast: string, all: string) =>
  Object.fromEntries(
    [['0.1', fast] as const, ['0.5', all] as const, ['+Inf', all] as const].map(([le, values]) => [
      `modelops_gateway_store_operation_duration_seconds_bucket{${A},store="redis",operation="get",le="${le}"}`,
      values,
    ]),
  )

const lookups = (hits: string, misses: string) => ({
  [`modelops_gateway_cache_requests_total{${A},cache="session",result="hit"}`]: hits,
  [`modelops_gateway_cache_requests_total{${A},cache="session",result="miss"}`]: misses,
  [`modelops_gateway_cache_requests_total{${A},cache="bearer",result="miss"}`]: '0+6000x30',
})

export const dependencies: readonly Case[] = [
  {
    alert: 'ModelopsGatewayIssuerDown',
    when: 'when one of two replicas cannot reach it',
    series: ready('issuer_ready', '1 0x10', '1x10'),
    at: 5,
    fires: { labels: { job: JOB }, value: '1' },
  },
  {
    alert: 'ModelopsGatewayIssuerDown',
    when: 'during an outage of one minute',
    series: ready('issuer_ready', '1 0 1x10', '1 0 1x10'),
    at: 3,
  },
  {
    alert: 'ModelopsGatewayStoreDown',
    when: 'when no replica can reach it',
    series: ready('store_ready', '1 0x10', '1 0x10'),
    at: 4,
    fires: { labels: { job: JOB }, value: '2' },
  },
  {
    alert: 'ModelopsGatewayStoreDown',
    when: 'during a failover of less than a minute',
    series: ready('store_ready', '1 0 1x10', '1 1 1x10'),
    at: 2,
  },
  {
    alert: 'ModelopsGatewayStoreSlow',
    when: 'when a tenth of the operations is slow',
    series: operations('0+90x30', '0+100x30'),
    at: 20,
    fires: { labels: { job: JOB, store: 'redis' }, value: '460ms' },
  },
  {
    alert: 'ModelopsGatewayStoreSlow',
    when: 'while operations are fast',
    series: operations('0+100x30', '0+100x30'),
    at: 20,
  },
  { alert: 'ModelopsGatewayStoreSlow', when: 'without any operation', series: operations('0x30', '0x30'), at: 20 },
  {
    alert: 'ModelopsGatewaySessionCacheMisses',
    when: 'when three of four lookups miss under load',
    series: lookups('0+600x30', '0+1800x30'),
    at: 28,
    fires: { labels: { job: JOB }, value: '25%' },
  },
  {
    alert: 'ModelopsGatewaySessionCacheMisses',
    when: 'when most lookups hit',
    series: lookups('0+1800x30', '0+600x30'),
    at: 28,
  },
  {
    alert: 'ModelopsGatewaySessionCacheMisses',
    when: 'with few requests, each of another user',
    series: lookups('0x30', '0+6x30'),
    at: 28,
  },
  {
    alert: 'ModelopsGatewayProjectsUnavailable',
    when: 'when requests are denied without a list of projects',
    series: { [`modelops_gateway_refusals_total{${A},reason="projects-down"}`]: '0+5x10' },
    at: 5,
    fires: { labels: { job: JOB } },
  },
  {
    alert: 'ModelopsGatewayProjectsUnavailable',
    when: 'for denials with another reason',
    series: {
      [`modelops_gateway_refusals_total{${A},reason="not-in-project"}`]: '0+5x10',
      [`modelops_gateway_refusals_total{${A},reason="projects-down"}`]: '4x10',
    },
    at: 5,
  },
]
