import type { Clock } from '../../shared/clock.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { DenialJournal } from '../console/denials/denial-journal.ts'
import type { ReplicaState } from '../console/gateway-state.ts'
import type { Reauthorize } from '../forward/reauthorize.ts'
import type { IssuerRequests } from '../issuer/issuer-requests.ts'
import type { Logger } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Tracing } from '../observability/tracing/tracing.ts'
import type { RefreshTokens } from '../sessions/refresh/refresher.ts'
import type { SessionBackend } from '../sessions/stores/backend.ts'
import type { Upstream } from '../upstream/pool.ts'
import type { CertificateWatch } from './certificate-watch.ts'

/** What a process builds once and keeps, whatever its configuration becomes. */
export interface ProcessState {
  readonly log: Logger
  readonly clock: Clock
  readonly backend: SessionBackend
  /** Stops watching the settings of the store. */
  readonly unwatch: () => void
  readonly metrics: Metrics
  /** Sends the requests to every issuer. */
  readonly issuerRequests: IssuerRequests
  /** Watches the certificates of others. */
  readonly certificates: CertificateWatch
  readonly audit: AuditTrail
  /** Undefined: tracing is off, and nothing of it is loaded. */
  readonly tracing: Tracing | undefined
  /** Every upstream with a request under way, whichever configuration opened it. */
  readonly upstreams: Set<Upstream>
  /** Recent denials, for the administration console. */
  readonly denials: DenialJournal
  /** The processes of this replica and their reloads, for the administration console. */
  readonly replica: () => Promise<ReplicaState>
  /** Whether this process is about to stop. */
  readonly draining: () => boolean
  /** What outlives a configuration asks the current one. */
  readonly current: CurrentRules
}

/** Sessions and requests outlive a reload: their next refresh and re-authorization follow the current configuration. */
export interface CurrentRules {
  readonly refresh: RefreshTokens
  readonly reauthorize: Reauthorize
}
