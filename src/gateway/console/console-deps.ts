import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import type { RenderConsole } from '../pages/console/console-pages.ts'
import type { ProjectRules } from '../projects/current-projects-of.ts'
import type { Explain } from '../request/explain.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { RecordAdministration } from './administration.ts'
import type { DenialJournal } from './denials/denial-journal.ts'
import type { GatewayState } from './gateway-state.ts'

/** What the console shows and does, of one configuration. */
export interface ConsoleDeps extends ProjectRules {
  readonly config: Config
  readonly clock: Clock
  readonly sessions: Sessions
  readonly explain: Explain
  readonly denials: DenialJournal
  readonly state: GatewayState
  readonly record: RecordAdministration
  /** Whether changes can be recorded in the audit trail. */
  readonly admitsWrites: () => boolean
}

/** What the pages of the console share. */
export interface ConsoleContext extends ConsoleDeps {
  readonly render: RenderConsole
}
