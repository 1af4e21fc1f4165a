import { profileOf } from '../../../../src/gateway/apps/profile-of.ts'
import type { AdministrationEntry } from '../../../../src/gateway/audit/administration.ts'
import { buildConsole, type Console } from '../../../../src/gateway/console/console.ts'
import type { ConsoleDeps } from '../../../../src/gateway/console/console-deps.ts'
import { DenialJournal } from '../../../../src/gateway/console/denials/denial-journal.ts'
import type { ReplicaState } from '../../../../src/gateway/console/gateway-state.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import { fixedSource } from '../../../../src/gateway/projects/source.ts'
import { buildExplain } from '../../../../src/gateway/request/explain.ts'
import { buildRoutes } from '../../../../src/gateway/routing/routes.ts'
import { type Gateway, startSessions } from '../sessions/kit.ts'
import { testConfig } from '../signin/kit.ts'

export interface ConsoleKit {
  readonly gateway: Gateway
  readonly deps: ConsoleDeps
  readonly console: Console
  /** What was recorded, oldest first. */
  readonly recorded: AdministrationEntry[]
}

type Section = Record<string, unknown>

/** The console on sessions in memory. @param over Sections of the configuration */
export function startConsole(
  over: Record<string, Section> = {},
  replica: Partial<ReplicaState> = {},
  admitsWrites = () => true,
): ConsoleKit {
  const gateway = startSessions()
  const clock = gateway.clock.read
  const recorded: AdministrationEntry[] = []
  const config = testConfig(
    { url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' },
    over,
  )
  const projects = fixedSource(new ListedProjects(config.projects.source === 'static' ? config.projects.list : []))
  const deps: ConsoleDeps = {
    ...{ config, clock, projects, sessions: gateway.sessions },
    rules: { adminGroup: config.access.adminGroup, serviceUsers: new Set() },
    explain: buildExplain({ config, projects, routes: buildRoutes(config, profileOf) }),
    denials: new DenialJournal({ clock, journal: () => gateway.sessions.journal }),
    state: {
      version: '1.2.3',
      draining: () => false,
      issuer: { known: true, ready: false, fault: 'connection refused' },
      applicationState: () => undefined,
      sinks: () => [{ name: 'file', works: false, fault: 'ENOSPC: no space left on device', queued: 3 }],
      replica: async () => ({ workers: 2, startedAt: clock(), reloads: [], ...replica }),
    },
    record: (entry) => void recorded.push(entry),
    admitsWrites,
  }
  return { gateway, deps, recorded, console: buildConsole(deps, false) }
}
