import type { Admission } from '../apps/profile.ts'
import type { Decision } from '../policy/types.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import { decideNow } from '../projects/decide-now.ts'
import type { BelowRoute } from '../routing/below-route.ts'
import type { Exchange } from '../routing/request-context.ts'
import { accessOf, type Route } from '../routing/routes.ts'
import type { GatewayDeps } from '../runtime/deps.ts'

type Allowed = Decision & { readonly allow: true }

export interface Judge {
  /** Puts the request to the policy. */
  judge(exchange: Exchange, route: Route, below: BelowRoute): Decision
  /** What an allowed request goes on as. */
  admitWith(exchange: Exchange, below: BelowRoute, decision: Allowed): Admission
}

export function buildJudge(deps: Pick<GatewayDeps, 'rules' | 'projects'>): Judge {
  function judge({ caller }: Exchange, route: Route, below: BelowRoute): Decision {
    const question = {
      access: accessOf(route, below.app),
      use: route.profile.use(below.app),
      principal: caller?.principal,
      named: below.named,
      selected: caller?.session?.selectedProject,
    }
    return decideNow(question, deps.rules, deps.projects)
  }

  function admitWith({ caller, requestId }: Exchange, below: BelowRoute, decision: Allowed): Admission {
    // A public route gets no identity at all, whoever asks.
    const principal = decision.role === 'anonymous' ? undefined : caller?.principal
    const projects = () => (principal ? currentProjectsOf(deps, principal).map(({ project }) => project) : [])
    return { request: below.app, principal, role: decision.role, project: decision.project, projects, requestId }
  }

  return { judge, admitWith }
}
