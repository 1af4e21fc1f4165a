import type { RequestHandler } from 'express'
import type { Config, RouteConfig } from '../config/schema.ts'
import type { ApplicationView } from '../pages/portal-page.ts'
import { isAdmin } from '../policy/roles.ts'
import type { Principal } from '../policy/types.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import { decideNow } from '../projects/decide-now.ts'
import { type SignInContext, sendPage } from './sign-in-context.ts'
import { signedIn } from './signed-in.ts'

const APPS = {
  mlflow: { title: 'MLflow', about: 'Experiments, runs and models' },
  airflow: { title: 'Airflow', about: 'Workflows and schedules' },
  core: { title: 'Core API', about: 'Projects and services, for programs' },
  generic: { title: undefined, about: 'Application' },
} as const

/** `GET /`: the start page. */
export function showPortal(side: SignInContext): RequestHandler {
  return async (req, res) => {
    const { principal, selectedProject: selected } = await signedIn(side, req)
    const applications = side.config.routes
      .filter((route) => reaches(side, principal, route, selected))
      .map((route) => applicationOf(side.config, route))
    const projects = currentProjectsOf(side, principal)
    const admin = isAdmin(principal, side.rules)
    sendPage(res, 200, side.pages.portal({ who: principal, admin, applications, projects, selected }))
  }
}

/** Whether opening the route leads anywhere: an answer, or at least a project to choose. */
function reaches(
  side: SignInContext,
  principal: Principal,
  { access }: RouteConfig,
  selected: string | undefined,
): boolean {
  const question = { access, use: 'read', principal, named: { kind: 'none' }, selected } as const
  const decision = decideNow(question, side.rules, side.projects)
  if (decision.allow) return true
  return decision.reason === 'project-missing' && currentProjectsOf(side, principal).length > 0
}

function applicationOf({ server }: Config, route: RouteConfig): ApplicationView {
  const { title, about } = APPS[route.app]
  const path = route.path === '/' ? '/' : `${route.path}/`
  const href = route.host === undefined ? path : `${new URL(server.publicUrl).protocol}//${route.host}${path}`
  return { title: route.title ?? title ?? route.name, about, href }
}
