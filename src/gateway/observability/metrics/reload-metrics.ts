import type { Instruments } from './instruments.ts'

/** The files behind one `${file:}` value. */
export interface SecretFile {
  /** When they were last written before they were read, in milliseconds since the epoch. */
  readonly changedAt: number | undefined
  /** Whether one was written since. */
  isOutdated(): boolean
}

/** How reloads of the configuration went. */
export interface ReloadMetrics {
  reloaded(result: 'success' | 'failure'): void
}

/**
 * @param startedAt When the first configuration came into force, in milliseconds since the epoch
 * @param secrets The files of the configuration that was loaded last, by key
 */
export function buildReloadMetrics(
  instruments: Instruments,
  startedAt: number,
  secrets: () => ReadonlyMap<string, SecretFile> = () => new Map(),
): ReloadMetrics {
  const reloads = instruments.counter('modelops_gateway_config_reloads_total')
  const succeededAt = instruments.gauge('modelops_gateway_config_last_reload_success_timestamp_seconds')
  const successful = instruments.gauge('modelops_gateway_config_last_reload_successful')
  let files = secrets()
  instruments.gauge('modelops_gateway_secret_changed_timestamp_seconds', (gauge) => {
    gauge.reset()
    for (const [key, { changedAt }] of files) if (changedAt !== undefined) gauge.set({ key }, changedAt / 1000)
  })
  instruments.gauge('modelops_gateway_secret_outdated', (gauge) => {
    gauge.reset()
    for (const [key, file] of files) gauge.set({ key }, Number(file.isOutdated()))
  })
  const counts = { success: reloads.labels({ result: 'success' }), failure: reloads.labels({ result: 'failure' }) }
  succeededAt.set(startedAt / 1000)
  successful.set(1)
  return {
    reloaded(result) {
      counts[result].inc()
      successful.set(Number(result === 'success'))
      if (result === 'failure') return
      succeededAt.setToCurrentTime()
      files = secrets()
    },
  }
}
