import { parseProjectId } from '../../shared/project-id.ts'
import { Refusal } from '../errors.ts'
import { checkOrigin } from '../http/origin-check.ts'
import { jsonReply, pageReply, redirectReply } from '../http/reply.ts'
import { currentProjectOf, currentProjectsOf } from '../projects/current-projects-of.ts'
import { bodyKindOf } from './fields.ts'
import type { SignInContext } from './sign-in-context.ts'
import { queryOf, type SignInHandler } from './sign-in-request.ts'
import { signedIn } from './signed-in.ts'

/** `GET /auth/project`: the chooser. */
export function chooseProject(context: SignInContext): SignInHandler {
  return async (request) => {
    const { principal, selectedProject: selected } = await signedIn(context, request)
    const returnTo = context.returnTo.check(queryOf(request).get('return_to'))
    const projects = currentProjectsOf(context, principal)
    return pageReply(200, context.pages.chooser({ who: principal, projects, selected, returnTo }))
  }
}

/** `POST /auth/project`: selects `project` for this browser session, or clears the selection when it is empty. */
export function selectProject(context: SignInContext): SignInHandler {
  return async (request, { project: wanted, return_to: returnTo }) => {
    checkOrigin(request.head, context.isTrustedOrigin)
    const session = await signedIn(context, request)
    if (wanted === undefined) throw new Refusal('project-missing', 'project: expected a UUID or nothing to clear it')
    const id = wanted === null || wanted === '' ? undefined : parseProjectId(wanted)
    if (id === undefined && wanted) throw new Refusal('project-malformed', 'project: expected a UUID')
    const project = id === undefined ? undefined : currentProjectOf(context, session.principal, id)
    if (id !== undefined && project === undefined) throw new Refusal('not-in-project', 'project: not reachable')
    await context.sessions.selectProject(session, project?.id)
    request.occurrence = { event: 'project-selected', action: 'select-project', project }
    if (bodyKindOf(request.head) === 'form') return redirectReply(context.returnTo.check(returnTo))
    return jsonReply(200, { selected_project: project === undefined ? null : { id: project.id, name: project.name } })
  }
}
