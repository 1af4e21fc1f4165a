import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { AuditMetrics } from '../observability/metrics/audit-metrics.ts'

export interface TrailOptions {
  readonly log: Logger
  readonly clock: Clock
  readonly metrics: AuditMetrics
  /** Number of this process among several that write files; undefined: it is the only one. */
  readonly slot?: number | undefined
}
