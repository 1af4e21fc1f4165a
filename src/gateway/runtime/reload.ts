import { ConfigurationError, type FieldError, formatFieldError } from '../../shared/settings/field-errors.ts'
import { changesOf, restartErrors } from '../config/changes.ts'
import type { Config } from '../config/schema.ts'
import type { Logger } from '../observability/log.ts'
import type { ReloadMetrics } from '../observability/reload-metrics.ts'

/** A configuration that is ready to take over everywhere. One of the two is called, once. */
export interface Prepared {
  commit(): Promise<void>
  abort(): void
}

export interface ReloaderDeps {
  readonly current: Config
  /** Reads the file again, with the secrets it refers to. @throws ConfigurationError */
  readonly load: () => Config
  /** @throws ConfigurationError; nothing has changed then */
  readonly prepare: (config: Config) => Promise<Prepared>
  readonly log: Logger
  readonly metrics: ReloadMetrics
}

/**
 * Takes a changed configuration over: whole, or not at all. Each call is one reload, and they run one after the other;
 * who asks while one waits to begin is served by that one. Never rejects.
 */
export function buildReload(deps: ReloaderDeps): () => Promise<void> {
  const { load, prepare, log, metrics } = deps
  let { current } = deps
  let running = Promise.resolve()
  let waiting: Promise<void> | undefined

  async function reload(): Promise<void> {
    waiting = undefined
    try {
      const next = load()
      const refused = restartErrors(current, next)
      if (refused.length > 0) throw new ConfigurationError('reload', refused)
      const changed = changesOf(current, next).map(({ path }) => path)
      const prepared = await prepare(next)
      await prepared.commit()
      current = next
      metrics.reloaded('success')
      log.info({ event: 'config-reloaded', changed }, 'the configuration was read again and is in force')
    } catch (error) {
      metrics.reloaded('failure')
      const faults = faultsOf(error)
      const why = faults.map(formatFieldError).join('; ')
      log.error({ event: 'config-refused', faults }, `the former configuration stays in force: ${why}`)
    }
  }

  return () => {
    if (waiting) return waiting
    waiting = running.then(reload)
    running = waiting
    return waiting
  }
}

/** What went wrong, for the log; of an unexpected error its message alone. */
export function faultsOf(error: unknown): readonly FieldError[] {
  if (error instanceof ConfigurationError) return error.faults
  const got = error instanceof Error ? error.message : 'an unknown failure'
  return [{ path: '', expected: 'a configuration that can be built', got }]
}
