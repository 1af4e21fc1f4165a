import { Gauge, type Registry } from 'prom-client'
import type { Instruments } from './instruments.ts'

/**
 * The processes of the gateway.
 * @param serving How many serve
 * @returns a function that counts a worker which is replaced
 */
export function buildWorkerMetrics(instruments: Instruments, serving: () => number): () => void {
  instruments.gauge('modelops_gateway_workers', (gauge) => gauge.set(serving()))
  const restarts = instruments.counter('modelops_gateway_worker_restarts_total').labels({})
  return () => restarts.inc()
}

/**
 * The default metric of this name, for the supervisor: prom-client leaves that of workers out of a sum, and a worker that
 * was replaced is no restart of the gateway.
 */
export function buildStartTime(registry: Registry): void {
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    aggregator: 'first',
    registers: [registry],
  }).set(Math.round(Date.now() / 1000 - process.uptime()))
}
