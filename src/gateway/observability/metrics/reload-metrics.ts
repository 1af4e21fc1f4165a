import type { Instruments } from './instruments.ts'

/** How reloads of the configuration went. */
export interface ReloadMetrics {
  reloaded(result: 'success' | 'failure'): void
}

/**
 * @param startedAt When the first configuration came into force, in milliseconds since the epoch
 * @param secrets When the files of the configuration that was loaded last were written, by key, in milliseconds since
 *   the epoch
 */
export function buildReloadMetrics(
  instruments: Instruments,
  startedAt: number,
  secrets: () => ReadonlyMap<string, number> = () => new Map(),
): ReloadMetrics {
  const reloads = instruments.counter('modelops_gateway_config_reloads_total')
  const succeededAt = instruments.gauge('modelops_gateway_config_last_reload_success_timestamp_seconds')
  let changedAt = secrets()
  instruments.gauge('modelops_gateway_secret_changed_timestamp_seconds', (gauge) => {
    gauge.reset()
    for (const [key, at] of changedAt) gauge.set({ key }, at / 1000)
  })
  const counts = { success: reloads.labels({ result: 'success' }), failure: reloads.labels({ result: 'failure' }) }
  succeededAt.set(startedAt / 1000)
  return {
    reloaded(result) {
      counts[result].inc()
      if (result === 'failure') return
      succeededAt.setToCurrentTime()
      changedAt = secrets()
    },
  }
}
