import type { BodyPaceLimits } from '../../shared/body-pace.ts'
import type { Clock } from '../../shared/clock.ts'
import type { UpstreamEvents } from './events.ts'

/** Settings of the connections to one upstream. Times in milliseconds. */
export interface UpstreamOptions {
  /** Scheme, host and port; no part of a request changes it. */
  readonly origin: URL
  readonly maxConnections: number
  /** Largest share of the connections that one tenant may hold, of those that other tenants leave free; 0 to 1. */
  readonly tenantShare: number
  /** Timeout for opening a connection, and for waiting until one is free. */
  readonly connectMs: number
  /** How fast a client must send a request body, while the upstream reads it. */
  readonly bodyPace: BodyPaceLimits
  /** Longest time in which a client reads nothing of a response. */
  readonly responseIdleMs: number
  /** How long an idle connection stays open. */
  readonly idleMs: number
  readonly maxHeadBytes: number
  readonly clock: Clock
  readonly events?: UpstreamEvents | undefined
}
