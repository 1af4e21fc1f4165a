import { Counter, Gauge, type Registry } from 'prom-client'

/** How reloads of the configuration went. */
export interface ReloadMetrics {
  reloaded(result: 'success' | 'failure'): void
}

/** @param startedAt When the first configuration came into force, in milliseconds since the epoch */
export function buildReloadMetrics(registry: Registry, startedAt: number): ReloadMetrics {
  const reloads = new Counter({
    name: 'modelops_gateway_config_reloads_total',
    help: 'Reloads of the configuration by result; after a failure the current one stays.',
    labelNames: ['result'],
    registers: [registry],
  })
  const succeededAt = new Gauge({
    name: 'modelops_gateway_config_last_reload_success_timestamp_seconds',
    help: 'When the current configuration was read.',
    registers: [registry],
  })
  for (const result of ['success', 'failure']) reloads.inc({ result }, 0)
  succeededAt.set(startedAt / 1000)
  return {
    reloaded(result) {
      reloads.inc({ result })
      if (result === 'success') succeededAt.setToCurrentTime()
    },
  }
}
