import type { Config } from '../config/schema.ts'
import { jsonReply } from '../http/reply.ts'
import { loginPath } from '../pages/login-path.ts'
import { isAdmin } from '../policy/roles.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import type { Session } from '../sessions/session.ts'
import { applicationsOf } from './applications.ts'
import type { SignInContext } from './sign-in-context.ts'
import type { SignInHandler } from './sign-in-request.ts'
import { callerOf } from './signed-in.ts'

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

/**
 * `GET /auth/session`: who is signed in, and what they reach. It contains no token and no session ID. A client with a bearer
 * token asks the same; it has no session that could end and selects no project.
 */
export function sessionInfo(context: SignInContext): SignInHandler {
  return async (request) => {
    const { principal, session } = await callerOf(context, request)
    const projects = currentProjectsOf(context, principal)
    const selected = projects.find(({ project }) => project.id === session?.selectedProject)
    return jsonReply(200, {
      issuer: principal.issuer,
      subject: principal.subject,
      username: principal.username,
      email: principal.email ?? null,
      name: principal.name ?? null,
      groups: [...principal.groups],
      admin: isAdmin(principal, context.rules),
      projects: projects.map(({ project, role }) => ({ id: project.id, name: project.name, role })),
      applications: applicationsOf(context, principal, session?.selectedProject).map(({ title, href, api }) => ({
        title,
        url: new URL(href, context.config.server.publicUrl).href,
        // An API has no page to open.
        type: api === undefined ? 'web' : 'api',
      })),
      selected_project: selected?.project.id ?? null,
      ...(session === undefined
        ? { expires_at: null, idle_expires_at: null }
        : endsOf(session, context.config.session)),
      login_url: loginPath('/'),
      logout_url: '/auth/logout',
      project_url: '/auth/project',
    })
  }
}

function endsOf({ createdAt, lastSeenAt }: Session, { idleSeconds, absoluteSeconds }: Config['session']) {
  const endsAt = createdAt + absoluteSeconds * 1000
  return { expires_at: iso(endsAt), idle_expires_at: iso(Math.min(endsAt, lastSeenAt + idleSeconds * 1000)) }
}
