import { pageReply } from '../http/reply.ts'
import { isAdmin } from '../policy/roles.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import { applicationsOf } from './applications.ts'
import type { SignInContext } from './sign-in-context.ts'
import type { SignInHandler } from './sign-in-request.ts'
import { signedIn } from './signed-in.ts'

/** `GET /`: the portal. */
export function showPortal(context: SignInContext): SignInHandler {
  return async (request) => {
    const { principal, selectedProject: selected } = await signedIn(context, request)
    const applications = applicationsOf(context, principal, selected)
    const projects = currentProjectsOf(context, principal)
    const admin = isAdmin(principal, context.rules)
    const consolePath = admin && context.config.console.enabled ? '/auth/admin' : undefined
    return pageReply(
      200,
      context.pages.portal({ who: principal, admin, consolePath, applications, projects, selected }),
    )
  }
}
