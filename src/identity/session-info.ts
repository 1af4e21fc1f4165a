import type { RequestHandler } from 'express'
import { isAdmin } from '../policy/decide.ts'
import { signedIn } from './caller.ts'
import { loginPath } from './login.ts'
import type { LoginSide } from './login-side.ts'
import { reachableProjects } from './member.ts'

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

/** `GET /auth/session`: who am I, what may I reach. No token and no id of the session is in it. */
export function sessionInfo(side: LoginSide): RequestHandler {
  const { idleSeconds, absoluteSeconds } = side.config.session
  return async (req, res) => {
    const session = await signedIn(side, req)
    const { principal, createdAt, lastSeenAt, selectedProject } = session
    const projects = reachableProjects(side, principal)
    const endsAt = createdAt + absoluteSeconds * 1000
    res.json({
      issuer: principal.issuer,
      subject: principal.subject,
      username: principal.username,
      email: principal.email ?? null,
      name: principal.name ?? null,
      groups: [...principal.groups],
      admin: isAdmin(principal, side.rules),
      projects: projects.map(({ project, role }) => ({ id: project.id, name: project.name, role })),
      selected_project: projects.some(({ project }) => project.id === selectedProject) ? selectedProject : null,
      expires_at: iso(endsAt),
      idle_expires_at: iso(Math.min(endsAt, lastSeenAt + idleSeconds * 1000)),
      login_url: loginPath('/'),
      logout_url: '/auth/logout',
      project_url: '/auth/project',
    })
  }
}
