import type { Request, RequestHandler } from 'express'
import { parseProjectId } from '../../shared/project-id.ts'
import { Refusal } from '../errors.ts'
import { currentProjectOf, currentProjectsOf } from '../projects/current-projects-of.ts'
import { fieldsOf } from './body.ts'
import { checkOwnOrigin } from './own-origin.ts'
import { queryOf, redirect, type SignInContext, sendPage } from './sign-in-context.ts'
import { signedIn } from './signed-in.ts'

/** `GET /auth/project`: the chooser. */
export function chooseProject(side: SignInContext): RequestHandler {
  return async (req, res) => {
    const { principal, selectedProject: selected } = await signedIn(side, req)
    const returnTo = side.returnTo.check(queryOf(req).get('return_to'))
    const projects = currentProjectsOf(side, principal)
    sendPage(res, 200, side.pages.chooser({ who: principal, projects, selected, returnTo }))
  }
}

/** `POST /auth/project`: selects `project` for this browser session, or clears the selection when it is empty. */
export function selectProject(side: SignInContext): RequestHandler {
  return async (req, res) => {
    checkOwnOrigin(req.headers, side.trustedOrigins)
    const session = await signedIn(side, req)
    const { project: wanted, return_to: returnTo } = fieldsOf(req)
    if (wanted === undefined) throw new Refusal('project-missing', 'project: expected a UUID or nothing to clear it')
    const id = wanted === null || wanted === '' ? undefined : parseProjectId(wanted)
    if (id === undefined && wanted) throw new Refusal('project-malformed', 'project: expected a UUID')
    const project = id === undefined ? undefined : currentProjectOf(side, session.principal, id)
    if (id !== undefined && project === undefined) throw new Refusal('not-in-project', 'project: not reachable')
    await side.sessions.selectProject(session, project?.id)
    if (isForm(req)) redirect(res, side.returnTo.check(returnTo))
    else res.json({ selected_project: project === undefined ? null : { id: project.id, name: project.name } })
  }
}

const isForm = (req: Request) => req.is('urlencoded') === 'urlencoded'
