import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import type { Proofs } from './auth/proof.ts'
import type { CoreConfig } from './config.ts'
import type { KeyRing } from './crypto/keyring.ts'
import type { Connections } from './store/connections.ts'
import type { DefaultConnections } from './store/defaults.ts'
import type { Projects } from './store/projects.ts'

/** What the endpoints work with; built once at start. */
export interface CoreDeps {
  readonly config: CoreConfig
  readonly clock: Clock
  readonly log: Logger
  readonly proofs: Proofs
  readonly ring: KeyRing
  readonly projects: Projects
  readonly connections: Connections
  readonly defaults: DefaultConnections
  /** Rejects with StorageDown when the storage cannot answer. */
  readonly ping: () => Promise<void>
}
