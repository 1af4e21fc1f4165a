import type { Config, RouteConfig } from '../config/schema.ts'
import type { StepUp } from '../policy/step-up.ts'

/** What the sign-in for the administration console is called among those of the routes: no route can have this name. */
export const CONSOLE_STEP_UP = '/auth/admin'

type Skew = Pick<Config['issuer'], 'clockSkewSeconds'>

/** The authentication that a route demands; undefined: any. */
export function routeStepUp(route: RouteConfig, { clockSkewSeconds }: Skew): StepUp | undefined {
  const { acr, maxAgeSeconds, stepUpMachines } = route
  if (acr === undefined && maxAgeSeconds === undefined) return undefined
  return { acr, maxAgeSeconds, clockSkewSeconds, permitsMachines: stepUpMachines === 'allow' }
}

export const consoleStepUp = ({ console, issuer }: Pick<Config, 'console' | 'issuer'>): StepUp => ({
  acr: undefined,
  maxAgeSeconds: console.maxSignInAgeSeconds,
  clockSkewSeconds: issuer.clockSkewSeconds,
  permitsMachines: false,
})

interface SteppingRoute {
  readonly name: string
  readonly stepUp: StepUp | undefined
}

/** What a sign-in must reach, by the name that its link contains. */
export function stepUpRules(config: Config, routes: readonly SteppingRoute[]): ReadonlyMap<string, StepUp> {
  const ofRoutes = routes.flatMap(({ name, stepUp }): [string, StepUp][] => (stepUp ? [[name, stepUp]] : []))
  return new Map([[CONSOLE_STEP_UP, consoleStepUp(config)], ...ofRoutes])
}
