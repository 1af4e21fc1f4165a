import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { SessionBackend } from '../sessions/stores/backend.ts'
import type { Upstream } from '../upstream/pool.ts'
import type { Runtime } from './runtime.ts'

/** What a process builds once and keeps, whatever its configuration becomes. */
export interface ProcessState {
  readonly log: Logger
  readonly clock: Clock
  readonly backend: SessionBackend
  readonly metrics: Metrics
  /** Every upstream that something is under way to, whatever configuration it was opened by. */
  readonly upstreams: Set<Upstream>
  /** Whether this process is about to stop. */
  readonly draining: () => boolean
  /** The generation that takes the requests that arrive now. Not before the first one is in place. */
  readonly present: () => Runtime
}
