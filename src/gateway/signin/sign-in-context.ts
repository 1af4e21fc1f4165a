import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { ownOrigins } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import type { Reason } from '../errors.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { buildPages, type Pages } from '../pages/pages.ts'
import type { ApplicationView } from '../pages/portal-page.ts'
import type { StepUp } from '../policy/step-up.ts'
import type { ProjectRules } from '../projects/current-projects-of.ts'
import { Sealer } from '../sessions/crypto/sealing.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { Attempts } from '../tokens/attempts.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import type { ClientPackage } from './client-package.ts'
import { PendingLogins } from './login/pending-logins.ts'
import { ReturnTo } from './login/return-to.ts'
import type { WithoutProject } from './login/without-project.ts'
import type { Picture } from './pictures.ts'

export interface SignInDeps extends ProjectRules {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly sessions: Sessions
  readonly issuer: Issuer
  readonly authenticate: Authenticate
  readonly attempts: LoginAttempts
  /** Counts a browser that came back from the issuer. */
  readonly countSignIn?: (result: 'success' | Reason) => void
  /** Counts a person who signed in and reaches no project. */
  readonly countWithoutProject?: (cause: WithoutProject) => void
  /** What `/auth/clients/` offers; absent where the gateway was built without it. */
  readonly clientPackage?: ClientPackage | undefined
  /** Whether an upstream responded to the last request; undefined: not known. @param origin of the upstream */
  readonly applicationState?: (origin: string) => ApplicationView['state']
  /** The configured pictures, by their path. */
  readonly pictures?: ReadonlyMap<string, Picture>
  /** What a sign-in must reach, by the name that its link contains: a route, or the console. */
  readonly stepUps: ReadonlyMap<string, StepUp>
  /** `Set-Cookie` values that end the applications' own sessions. */
  readonly endCookies: readonly string[]
}

/** Attempts by client address. */
export interface LoginAttempts {
  readonly logins: Attempts
  readonly callbacks: Attempts
  /** Front-channel logouts without a session of the browser. */
  readonly logouts: Attempts
}

export const buildLoginAttempts = (perMinute: number, clock: Clock): LoginAttempts => ({
  logins: new Attempts(perMinute, clock),
  callbacks: new Attempts(perMinute, clock),
  logouts: new Attempts(perMinute, clock),
})

/** What the handlers of the sign-in endpoints share; built once. */
export interface SignInContext extends SignInDeps {
  readonly pages: Pages
  readonly returnTo: ReturnTo
  readonly pending: PendingLogins
  /** Carries a return address through the issuer's logout. */
  readonly logoutState: Sealer
  /** Whether pages of this origin may send forms and scripts to `/auth/*`. */
  readonly isTrustedOrigin: (origin: string) => boolean
}

export function buildSignInContext(deps: SignInDeps): SignInContext {
  const { config } = deps
  const origins = new Set([...ownOrigins(config), ...config.cors.allowedOrigins])
  return {
    ...deps,
    pages: buildPages(config),
    returnTo: new ReturnTo(config),
    pending: new PendingLogins(config),
    logoutState: new Sealer(config.session.secrets, 'logout state'),
    isTrustedOrigin: (origin) => origins.has(origin),
  }
}
