import type { CheckError } from '../../shared/settings/load-settings.ts'
import { auditErrors } from './checks/audit.ts'
import { brandingErrors } from './checks/branding.ts'
import { cookieErrors } from './checks/cookie.ts'
import { issuerErrors } from './checks/issuer.ts'
import { listenErrors } from './checks/listen.ts'
import { projectListErrors, serviceUserErrors, teamNameErrors } from './checks/projects.ts'
import { certificateErrors, requiredProofErrors } from './checks/proof-of-possession.ts'
import { routeErrors } from './checks/routes.ts'
import { ruleErrors } from './checks/rules.ts'
import { sessionErrors } from './checks/session.ts'
import { tracingErrors } from './checks/tracing.ts'
import { transportErrors } from './checks/transport.ts'
import { upstreamTokenErrors } from './checks/upstream-tokens.ts'
import type { Config } from './schema.ts'

/** The sections of a configuration that are valid by themselves. A check runs if all sections that it needs are there. */
export type ValidSections = Partial<Config>

/** Errors that no single field can show. Each check returns what it found; none throws. */
export function crossChecks({
  server,
  issuer,
  session,
  proofOfPossession,
  cookie,
  access,
  routes,
  projects,
  portal,
  audit,
  observability,
}: ValidSections): CheckError[] {
  return [
    ...(server ? [...transportErrors('server.publicUrl', server.publicUrl, server), ...listenErrors(server)] : []),
    ...(issuer ? [...issuerErrors(issuer, server), ...ruleErrors({ issuer, access, projects })] : []),
    ...(session ? sessionErrors(session) : []),
    ...(portal ? brandingErrors(portal) : []),
    ...(audit ? auditErrors(audit) : []),
    ...(server && observability ? tracingErrors(observability, server) : []),
    ...(proofOfPossession && server ? certificateErrors(proofOfPossession, server) : []),
    ...(proofOfPossession && routes ? requiredProofErrors(proofOfPossession, routes) : []),
    ...(server && cookie ? cookieErrors(cookie, server) : []),
    ...(server && routes ? routeErrors(routes, server.publicUrl) : []),
    ...(routes ? upstreamTokenErrors(routes, issuer, server) : []),
    ...(projects?.source === 'static' ? projectListErrors(projects.list, 'projects.list') : []),
    ...(projects?.source === 'static' && routes ? teamNameErrors(projects.list, 'projects.list', routes) : []),
    ...(projects?.source === 'core' ? serviceUserErrors(projects) : []),
  ]
}
