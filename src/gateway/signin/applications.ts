import { titleOf } from '../config/route-title.ts'
import { routeUrl } from '../config/route-url.ts'
import type { RouteConfig } from '../config/schema.ts'
import type { ApplicationView } from '../pages/portal-page.ts'
import type { Principal } from '../policy/types.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import { decideNow } from '../projects/decide-now.ts'
import type { SignInContext } from './sign-in-context.ts'

const ABOUT = {
  mlflow: 'Experiments, runs and models',
  airflow: 'Workflows and schedules',
  core: 'Projects and services, for programs',
  generic: 'Application',
} as const

/** The applications that a person can open. */
export function applicationsOf(
  context: SignInContext,
  principal: Principal,
  selected: string | undefined,
): readonly ApplicationView[] {
  return context.config.routes
    .filter((route) => isOpen(context, principal, route, selected))
    .map((route) => applicationOf(context, route))
}

/** Whether opening the route leads anywhere: to the application, or at least to a project to choose. */
function isOpen(
  context: SignInContext,
  principal: Principal,
  { access }: RouteConfig,
  selected: string | undefined,
): boolean {
  const question = { access, use: 'read', principal, named: { kind: 'none' }, selected } as const
  const decision = decideNow(question, context.rules, context.projects)
  if (decision.allow) return true
  return decision.reason === 'project-missing' && currentProjectsOf(context, principal).length > 0
}

function applicationOf({ config: { server }, applicationState }: SignInContext, route: RouteConfig): ApplicationView {
  const path = route.path === '/' ? '/' : `${route.path}/`
  const href = route.host === undefined ? path : `${new URL(server.publicUrl).protocol}//${route.host}${path}`
  const address = routeUrl(server, route)
  return {
    ...{ title: titleOf(route), about: ABOUT[route.app], href },
    state: applicationState?.(route.upstream),
    ...(route.app === 'core' && { api: { address, description: `${address}/openapi.json` } }),
  }
}
