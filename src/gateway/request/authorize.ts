import type { Clock } from '../../shared/clock.ts'
import type { Admission } from '../apps/profile.ts'
import type { Decision } from '../policy/types.ts'
import { currentProjectsOf, type ProjectRules } from '../projects/current-projects-of.ts'
import { decideNow } from '../projects/decide-now.ts'
import type { BelowRoute } from '../routing/below-route.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { accessOf, type Route } from '../routing/routes.ts'
import { authenticationOf } from '../tokens/caller.ts'

export interface Authorize {
  /** What the policy decides about the request. @throws Refusal `projects-down` */
  decide(context: RequestContext, route: Route, below: BelowRoute): Decision
  /** What an allowed request is forwarded as. */
  admit(context: RequestContext, below: BelowRoute, decision: Decision & { readonly allow: true }): Admission
}

export function buildAuthorize(deps: ProjectRules & { readonly clock: Clock }): Authorize {
  return {
    decide(context, route, below) {
      const { caller } = context
      const { stepUp: rule } = route
      const use = route.profile.use(below.app)
      context.use = use
      const question = {
        access: accessOf(route, below.app),
        use,
        principal: caller?.principal,
        named: below.named,
        projectName: below.projectName,
        namespace: below.namespace,
        selected: caller?.session?.selectedProject,
        stepUp: rule && caller && { rule, authentication: authenticationOf(caller), now: deps.clock() },
      }
      return decideNow(question, deps.rules, deps.projects)
    },
    admit({ caller, head, traceId }, below, { role, project }) {
      // A public route gets no identity at all, whoever asks.
      const principal = role === 'anonymous' ? undefined : caller?.principal
      const projects = () => (principal ? currentProjectsOf(deps, principal).map((reached) => reached.project) : [])
      return { request: below.app, principal, role, project, projects, requestId: head.requestId, traceId }
    },
  }
}
