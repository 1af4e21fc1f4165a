import type { RequestHandler } from 'express'
import type { Config } from '../config/schema.ts'
import { isAdmin } from '../policy/roles.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import type { Session } from '../sessions/session.ts'
import { loginPath } from './login.ts'
import type { SignInContext } from './sign-in-context.ts'
import { principalAndSession } from './signed-in.ts'

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

/**
 * `GET /auth/session`: who am I, what may I reach. No token and no id of the session is in it. A client with a bearer
 * token asks the same; it has no session that could end and selects no project.
 */
export function sessionInfo(side: SignInContext): RequestHandler {
  return async (req, res) => {
    const { principal, session } = await principalAndSession(side, req)
    const projects = currentProjectsOf(side, principal)
    const selected = projects.find(({ project }) => project.id === session?.selectedProject)
    res.json({
      issuer: principal.issuer,
      subject: principal.subject,
      username: principal.username,
      email: principal.email ?? null,
      name: principal.name ?? null,
      groups: [...principal.groups],
      admin: isAdmin(principal, side.rules),
      projects: projects.map(({ project, role }) => ({ id: project.id, name: project.name, role })),
      selected_project: selected?.project.id ?? null,
      ...(session === undefined ? { expires_at: null, idle_expires_at: null } : endsOf(session, side.config.session)),
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
