import { ConfigurationError, type FieldError, formatFieldError } from '../../shared/settings/field-errors.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { changesOf, restartErrors } from '../config/changes.ts'
import type { Config } from '../config/schema.ts'
import type { ReloadResult } from '../console/gateway-state.ts'
import type { Logger } from '../observability/log.ts'
import type { ReloadMetrics } from '../observability/metrics/reload-metrics.ts'

/** A configuration that every worker is ready to switch to. One of the two is called, once. */
export interface Prepared {
  commit(): Promise<void>
  abort(): void
}

export interface ReloadDeps {
  readonly current: Config
  /** Reads the file again, with the secrets it refers to. @throws ConfigurationError */
  readonly load: () => Config
  /** @throws ConfigurationError; nothing has changed then */
  readonly prepare: (config: Config) => Promise<Prepared>
  readonly log: Logger
  readonly metrics: ReloadMetrics
  /** Told of each reload when it has ended. */
  readonly onReload?: (result: ReloadResult) => void
  readonly audit: Pick<AuditTrail, 'record'>
}

/**
 * Applies a changed configuration completely or not at all. Each call is one reload, and reloads run one after the
 * other; a call while another one waits to begin shares that one. Never rejects.
 */
export function buildReload(deps: ReloadDeps): () => Promise<void> {
  const { load, prepare, log, metrics, audit, onReload } = deps
  let { current } = deps
  let running = Promise.resolve()
  let waiting: Promise<void> | undefined

  async function reload(): Promise<void> {
    waiting = undefined
    try {
      const next = load()
      const needRestart = restartErrors(current, next)
      if (needRestart.length > 0) throw new ConfigurationError('reload', needRestart)
      const changed = changesOf(current, next).map(({ path }) => path)
      const prepared = await prepare(next)
      await prepared.commit()
      current = next
      metrics.reloaded('success')
      onReload?.({ at: Date.now(), result: 'success', changed, errors: [] })
      log.info({ event: 'config-reloaded', changed }, 'configuration reloaded')
      audit.record({ event: 'config-reloaded', ...RELOAD, changed })
    } catch (error) {
      metrics.reloaded('failure')
      const errors = errorsOf(error)
      onReload?.({ at: Date.now(), result: 'failure', changed: [], errors })
      const why = errors.map(formatFieldError).join('; ')
      const wrong = [...new Set(errors.map(({ path }) => path).filter((path) => path !== ''))]
      audit.record({ event: 'config-refused', ...RELOAD, changed: wrong })
      log.error({ event: 'config-refused', errors }, `configuration not reloaded; the current one stays active: ${why}`)
    }
  }

  return () => {
    if (waiting) return waiting
    waiting = running.then(reload)
    running = waiting
    return waiting
  }
}

const RELOAD = { category: 'configuration', action: 'configuration.reload' } as const

/** What went wrong, for the log; of an unexpected error only its message. */
export function errorsOf(error: unknown): readonly FieldError[] {
  if (error instanceof ConfigurationError) return error.errors
  const got = error instanceof Error ? error.message : 'an unknown failure'
  return [{ path: '', expected: 'a configuration that can be built', got }]
}
