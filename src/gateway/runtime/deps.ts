import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import type { Logger } from '../observability/log.ts'
import type { AccessRules } from '../policy/types.ts'
import type { ProjectSource } from '../projects/source.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** What is built once at start and handed to both sides, the login side (which adds its issuer) and the request path. */
export interface GatewayDeps {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly sessions: Sessions
  readonly projects: ProjectSource
  readonly rules: AccessRules
  /** `Set-Cookie` values that end the applications' own sessions. */
  readonly endCookies: readonly string[]
}
