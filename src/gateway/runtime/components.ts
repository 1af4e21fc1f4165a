import { isDeepStrictEqual } from 'node:util'
import { ConfigurationError } from '../../shared/settings/field-errors.ts'
import type { AppEvent, AppRelease } from '../apps/profile.ts'
import { profileOf } from '../apps/profile-of.ts'
import { acceptedAudiences } from '../config/accepted-audiences.ts'
import type { Config, RouteConfig } from '../config/schema.ts'
import { buildForwarder, type Forwarder } from '../forward/forwarder.ts'
import { type AssertionSigner, buildSigner } from '../forward/headers/assertion.ts'
import { clientFileErrorsAtStart } from '../issuer/client/client-files.ts'
import type { IssuerDeps } from '../issuer/discovery.ts'
import { Issuer } from '../issuer/issuer.ts'
import { projectsToken } from '../issuer/service-token.ts'
import { buildExchangeToken } from '../issuer/token-exchange.ts'
import { type OpenProjects, openProjects } from '../projects/open.ts'
import { buildRoutes, type RouteTable } from '../routing/routes.ts'
import { Sessions } from '../sessions/sessions.ts'
import { buildLoginAttempts, type LoginAttempts } from '../signin/sign-in-context.ts'
import type { VerifyAuthorization } from '../tokens/authenticate.ts'
import { buildExchangedTokens, type ExchangedTokens } from '../tokens/exchange/exchanged-tokens.ts'
import { buildVerifyAuthorization } from '../tokens/verify-authorization.ts'
import { appDraft } from './app-events.ts'
import type { ProcessState } from './process-state.ts'

/** Everything with state of its own: connections, caches, counters. A reload keeps each one whose settings stay the same. */
export interface Components {
  readonly issuer: Issuer
  readonly sessions: Sessions
  readonly projects: OpenProjects
  readonly forwarder: Forwarder
  readonly signer: AssertionSigner
  readonly verifyAuthorization: VerifyAuthorization
  readonly exchangedTokens: ExchangedTokens
  readonly loginAttempts: LoginAttempts
  readonly routes: RouteTable
}

/** The current components and the configuration they were built from. */
export interface Previous {
  readonly config: Config
  readonly components: Components
}

/** @throws ConfigurationError, or when the projects cannot be opened */
export async function buildComponents(config: Config, state: ProcessState, previous?: Previous): Promise<Components> {
  const { clock, log, metrics, issuerRequests: requests } = state
  /** The current component, where everything it was built from stays the same. */
  function kept<P extends keyof Components>(name: P, ...same: readonly boolean[]): Components[P] | undefined {
    return same.every(Boolean) ? previous?.components[name] : undefined
  }
  const same = (...sections: readonly (keyof Config)[]) =>
    previous !== undefined && sections.every((name) => isDeepStrictEqual(config[name], previous.config[name]))

  const issuer = kept('issuer', same('issuer')) ?? (await openIssuer({ config, clock, log, requests }))
  const issuerStays = issuer === previous?.components.issuer
  const projects =
    kept('projects', same('projects'), issuerStays || config.projects.source !== 'core') ??
    openProjects(config.projects, log, projectsToken(config, issuer, clock))
  const signer = kept('signer', same('session')) ?? (await buildSigner(signing(config, state)))
  const sessions = kept('sessions', same('session')) ?? openSessions(config, state, previous)
  return {
    issuer,
    sessions,
    projects,
    forwarder:
      kept('forwarder', same('limits')) ?? buildForwarder(config.limits, clock, state.upstreams, metrics.upstream),
    signer,
    verifyAuthorization:
      kept('verifyAuthorization', issuerStays, same(...verifiedBy(config))) ??
      buildVerifyAuthorization({
        ...{ config, issuer, clock, log, requests, events: metrics.tokens },
        claimOnce: (name, ttlSeconds) => sessions.claimOnce(name, ttlSeconds),
      }),
    exchangedTokens:
      kept('exchangedTokens', issuerStays, same(...audiencesFrom(config))) ??
      openExchangedTokens(config, issuer, state),
    loginAttempts: kept('loginAttempts', same('limits')) ?? buildLoginAttempts(config.limits.loginsPerMinute, clock),
    routes: buildRoutes(
      config,
      (route) => currentProfile(route, previous) ?? profileOf(route, profileDeps(route, state)),
    ),
  }
}

/** @throws ConfigurationError: a key or certificate of the gateway cannot be used */
async function openIssuer(deps: IssuerDeps): Promise<Issuer> {
  const errors = await clientFileErrorsAtStart(deps.config.issuer, deps.clock)
  if (errors.length === 0) return new Issuer(deps)
  const fields = errors.map(({ path, expected, got, hint }) => ({ path, expected, got, hint }))
  throw new ConfigurationError('configuration', fields)
}

/** The sections beside `issuer` that decide about tokens: projects only if a rule over claims may name one of them. */
const verifiedBy = (config: Config): (keyof Config)[] => [
  ...(['limits', 'server', 'session', 'proofOfPossession'] as const),
  ...audiencesFrom(config),
  ...(config.issuer.additional.some(({ rules }) => rules !== undefined) ? (['projects'] as const) : []),
]

/** The sections beside `issuer` from which the accepted audiences come. */
const audiencesFrom = ({ issuer }: Config): (keyof Config)[] => (issuer.routeAudiences ? ['server', 'routes'] : [])

/** On the same store, and with the refreshes that are under way. */
function openSessions(
  config: Config,
  { backend, clock, log, current, metrics }: ProcessState,
  previous?: Previous,
): Sessions {
  const refreshMemory = previous?.components.sessions.refreshMemory
  return new Sessions({
    config,
    ...{ backend, clock, log, events: metrics.sessions },
    // At the current issuer: its client's secret may change while sessions live on.
    refresh: (session) => current.refresh(session),
    ...(refreshMemory && { refreshMemory }),
  })
}

const openExchangedTokens = (config: Config, issuer: Issuer, { backend, clock }: ProcessState) =>
  buildExchangedTokens({
    exchange: buildExchangeToken(() => issuer.configuration()),
    issuer: config.issuer.url,
    ownAudiences: acceptedAudiences(config),
    clock,
    onSessionEnded: (listener) => backend.onChange(({ key, ended }) => ended && listener(key)),
  })

const signing = ({ server, session }: Config, { clock }: ProcessState) => ({
  issuer: new URL(server.publicUrl).origin,
  clock,
  secrets: session.secrets,
})

const profileDeps = (route: RouteConfig, { clock, log, metrics, audit }: ProcessState) => ({
  clock,
  record(event: AppEvent) {
    log.info(event)
    audit.record(appDraft(event))
  },
  onRelease(detected: AppRelease) {
    const { release, catalogue, isKnown } = detected
    metrics.release(route.name, detected)
    const line = { event: 'app-release', route: route.name, release, catalogue }
    if (isKnown) log.info(line, 'release of the application')
    else
      log.warn(line, 'the gateway does not know this release: the nearest catalogue is used, and what is new is denied')
  },
})

/** Profiles remember what they prepared in the application, e.g. its workspaces. */
const currentProfile = (route: RouteConfig, previous: Previous | undefined) =>
  previous?.components.routes.all.find(({ config }) => isDeepStrictEqual(config, route))?.profile
