import type { FieldError } from '../../shared/settings/field-errors.ts'
import type { AuditTrail } from '../audit/trail.ts'

/** One reload of the configuration, as it went. */
export interface ReloadResult {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly result: 'success' | 'failure'
  /** Keys that changed. */
  readonly changed: readonly string[]
  /** No member contains the value of a secret. */
  readonly errors: readonly FieldError[]
}

/** The processes of this replica, as their supervisor knows them. */
export interface ReplicaState {
  /** Processes that serve. */
  readonly workers: number
  /** When the replica started, ms since the epoch. */
  readonly startedAt: number
  /** Newest first. */
  readonly reloads: readonly ReloadResult[]
}

/** What only the runtime knows, for the overview. */
export interface GatewayState {
  readonly version: string
  readonly draining: () => boolean
  readonly issuer: { readonly known: boolean; readonly ready: boolean; readonly fault: string | undefined }
  /** Whether an upstream responded to the last request of this process. @param origin of the upstream */
  readonly applicationState: (origin: string) => 'responding' | 'not-responding' | undefined
  /** Where this process records the audit trail; none: only the log. */
  readonly sinks: () => AuditTrail['states']
  readonly replica: () => Promise<ReplicaState>
}
