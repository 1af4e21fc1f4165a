import type { Config } from '../config/schema.ts'
import { buildConsole, type Console } from '../console/console.ts'
import type { ConsoleDeps } from '../console/console-deps.ts'
import { denialRecordOf } from '../console/denials/denial-record.ts'
import type { GatewayState } from '../console/gateway-state.ts'
import { buildPublicConsole } from '../console/public-console.ts'
import type { Refusal } from '../errors.ts'
import type { ProjectRules } from '../projects/current-projects-of.ts'
import { buildExplain } from '../request/explain.ts'
import type { ConsoleEndpoints } from '../request/own-endpoints.ts'
import type { RequestContext } from '../routing/request-context.ts'
import type { Components } from './components.ts'
import { packageVersion } from './package-version.ts'
import type { ProcessState } from './process-state.ts'

export interface Consoles {
  /** On the public listener. */
  readonly endpoints: ConsoleEndpoints
  /** On the admin listener. */
  readonly admin: Console
  /** Keeps a denial for both. */
  readonly onDenied: (context: RequestContext, denial: Refusal) => void
}

/** The administration console of one configuration, as both listeners serve it. */
export function buildConsoles(
  config: Config,
  { issuer, sessions, routes }: Components,
  state: ProcessState,
  rest: ProjectRules & Pick<GatewayState, 'applicationState'> & Pick<ConsoleDeps, 'admitsWrites'>,
): Consoles {
  const { audit, clock, denials, draining, replica } = state
  const deps: ConsoleDeps = {
    ...{ config, clock, sessions, denials },
    ...{ projects: rest.projects, rules: rest.rules },
    explain: buildExplain({ config, projects: rest.projects, routes }),
    state: {
      ...{ version: packageVersion(), draining, replica, issuer, applicationState: rest.applicationState },
      sinks: () => audit.states,
    },
    record: (entry) => audit.administration(entry),
    admitsWrites: rest.admitsWrites,
  }
  return {
    endpoints: buildPublicConsole({ config, clock, sessions, console: buildConsole(deps, true) }),
    admin: buildConsole(deps, false),
    onDenied(context, denial) {
      const { caller, head } = context
      const [kind, who] = caller
        ? (['known', caller.principal.subject] as const)
        : (['anonymous', head.clientAddress] as const)
      denials.add(kind, who, () => denialRecordOf(context, denial, rest.projects.snapshot(), clock()))
    },
  }
}
