import { A, B, type Case, JOB } from './case.ts'

const OTHER = 'up{job="other",instance="c:1"}'

export const replicas: readonly Case[] = [
  {
    alert: 'ModelopsGatewayNoReplica',
    when: 'when both replicas cannot be scraped',
    series: { [`up{${A}}`]: '1 0x10', [`up{${B}}`]: '1 0x10', [OTHER]: '1x10' },
    at: 5,
    fires: { labels: { job: JOB } },
  },
  {
    alert: 'ModelopsGatewayNoTarget',
    when: 'when Prometheus knows no target of the gateway',
    series: { [OTHER]: '1x10' },
    at: 8,
    fires: { labels: {} },
  },
  {
    alert: 'ModelopsGatewayNoTarget',
    when: 'until the first scrape after a restart of Prometheus',
    series: { [OTHER]: '1x10', [`up{${A}}`]: '_x3 1x10' },
    at: 8,
  },
  {
    alert: 'ModelopsGatewayNoReplica',
    when: 'while one replica can be scraped',
    series: { [`up{${A}}`]: '1x10', [`up{${B}}`]: '0x10' },
    at: 8,
  },
  {
    alert: 'ModelopsGatewayReplicaDown',
    when: 'when one of two cannot be scraped',
    series: { [`up{${A}}`]: '1x10', [`up{${B}}`]: '0x10' },
    at: 5,
    fires: { labels: { job: JOB, instance: 'b:4181' } },
  },
  {
    alert: 'ModelopsGatewayReplicaDown',
    when: 'during a restart of two minutes',
    series: { [`up{${A}}`]: '1x10', [`up{${B}}`]: '1 1 0 0 1x6' },
    at: 4,
  },
  {
    alert: 'ModelopsGatewayReplicaDown',
    when: 'when all are down, which another alert tells',
    series: { [`up{${A}}`]: '0x10', [`up{${B}}`]: '0x10' },
    at: 8,
  },
  {
    alert: 'ModelopsGatewayRestartLoop',
    when: 'when a process started three times in 15 minutes',
    series: { [`process_start_time_seconds{${A}}`]: '100 100 200 200 300 300 400x9' },
    at: 10,
    fires: { labels: { job: JOB, instance: 'a:4181' } },
  },
  {
    alert: 'ModelopsGatewayRestartLoop',
    when: 'when workers exit again and again',
    series: { [`modelops_gateway_worker_restarts_total{${A}}`]: '0x3 0+1x12' },
    at: 12,
    fires: { labels: { job: JOB, instance: 'a:4181' } },
  },
  {
    alert: 'ModelopsGatewayRestartLoop',
    when: 'after one rolling restart',
    series: {
      [`process_start_time_seconds{${A}}`]: '100x5 200x10',
      [`process_start_time_seconds{${B}}`]: '100x7 200x8',
      [`modelops_gateway_worker_restarts_total{${A}}`]: '0x5 1x10',
    },
    at: 12,
  },
  {
    alert: 'ModelopsGatewayOverloaded',
    when: 'when the event loop is blocked for minutes',
    series: {
      [`nodejs_eventloop_lag_p99_seconds{${A}}`]: '0.4x10',
      [`nodejs_eventloop_lag_p99_seconds{${B}}`]: '0.02x10',
    },
    at: 8,
    fires: { labels: { job: JOB, instance: 'a:4181' }, value: '400ms' },
  },
  {
    alert: 'ModelopsGatewayOverloaded',
    when: 'after one long pause',
    series: { [`nodejs_eventloop_lag_p99_seconds{${A}}`]: '0.02x3 0.9 0.02x6' },
    at: 5,
  },
]
