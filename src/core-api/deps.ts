import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import type { Authenticator } from './auth/authenticator.ts'
import type { CoreConfig } from './config.ts'
import type { CredentialCipher } from './crypto/credential-cipher.ts'
import type { Connections } from './store/connections.ts'
import type { DefaultConnections } from './store/defaults.ts'
import type { Memberships } from './store/memberships.ts'
import type { Projects } from './store/projects.ts'

/** What the endpoints work with; built once at start. */
export interface CoreDeps {
  readonly config: CoreConfig
  readonly clock: Clock
  readonly log: Logger
  readonly authenticator: Authenticator
  readonly cipher: CredentialCipher
  readonly projects: Projects
  readonly connections: Connections
  readonly defaults: DefaultConnections
  readonly memberships: Memberships
  /** Rejects with StorageDown when the storage is not reachable. */
  readonly ping: () => Promise<void>
}
