import { isDeepStrictEqual } from 'node:util'
import { profileOf } from '../apps/profile-of.ts'
import type { Config, RouteConfig } from '../config/schema.ts'
import { buildForwarder, type Forwarder } from '../forward/forwarder.ts'
import { type AssertionSigner, buildSigner } from '../forward/headers/assertion.ts'
import { Issuer } from '../issuer/issuer.ts'
import { projectsToken } from '../issuer/service-token.ts'
import { type OpenProjects, openProjects } from '../projects/open.ts'
import { buildRoutes, type RouteTable } from '../routing/routes.ts'
import { Sessions } from '../sessions/sessions.ts'
import { buildLoginAttempts, type LoginAttempts } from '../signin/sign-in-context.ts'
import type { VerifyAuthorization } from '../tokens/authenticate.ts'
import { buildAuthorization } from '../tokens/build-authorization.ts'
import type { ProcessState } from './process-state.ts'

/** What holds state of its own: connections, caches, counters. A reload keeps each whose settings did not change. */
export interface Components {
  readonly issuer: Issuer
  readonly sessions: Sessions
  readonly projects: OpenProjects
  readonly forwarder: Forwarder
  readonly signer: AssertionSigner
  readonly verifyAuthorization: VerifyAuthorization
  readonly loginAttempts: LoginAttempts
  readonly routes: RouteTable
}

/** The parts in force and the configuration they were built from. */
export interface Former {
  readonly config: Config
  readonly parts: Components
}

/** @throws when the projects cannot be opened */
export async function buildComponents(
  config: Config,
  processState: ProcessState,
  former?: Former,
): Promise<Components> {
  const { clock, log } = processState
  /** The part in force, where all that it was built from stays as it is. */
  function kept<P extends keyof Components>(part: P, ...same: readonly boolean[]): Components[P] | undefined {
    return same.every(Boolean) ? former?.parts[part] : undefined
  }
  const same = (...sections: readonly (keyof Config)[]) =>
    former !== undefined && sections.every((name) => isDeepStrictEqual(config[name], former.config[name]))

  const issuer = kept('issuer', same('issuer')) ?? new Issuer({ config, clock, log })
  const issuerStays = issuer === former?.parts.issuer
  const projects =
    kept('projects', same('projects'), issuerStays || config.projects.source !== 'core') ??
    openProjects(config.projects, log, projectsToken(config, issuer, clock))
  const signer = kept('signer', same('session')) ?? (await buildSigner(signing(config, processState)))
  return {
    issuer,
    sessions: kept('sessions', same('session')) ?? openSessions(config, processState, former),
    projects,
    forwarder: kept('forwarder', same('limits')) ?? buildForwarder(config.limits, clock, processState.upstreams),
    signer,
    verifyAuthorization:
      kept('verifyAuthorization', issuerStays, same('limits')) ?? buildAuthorization({ config, issuer, clock, log }),
    loginAttempts: kept('loginAttempts', same('limits')) ?? buildLoginAttempts(config.limits.loginsPerMinute, clock),
    routes: buildRoutes(config, (route) => profileInForce(route, former) ?? profileOf(route)),
  }
}

/** On the same store, and with what is under way at the issuer. */
function openSessions(config: Config, { backend, clock, log, present }: ProcessState, former?: Former): Sessions {
  const refreshMemory = former?.parts.sessions.refreshMemory
  return new Sessions({
    config,
    backend,
    clock,
    log,
    // The issuer of the moment: its client's secret may change while sessions go on.
    refresh: (session) => present().parts.issuer.refresh(session),
    ...(refreshMemory && { refreshMemory }),
  })
}

const signing = ({ server, session }: Config, { clock }: ProcessState) => ({
  issuer: new URL(server.publicUrl).origin,
  clock,
  secrets: session.secrets,
})

/** Profiles remember what they prepared at the application, e.g. its workspaces. */
const profileInForce = (route: RouteConfig, former: Former | undefined) =>
  former?.parts.routes.all.find(({ config }) => isDeepStrictEqual(config, route))?.profile
