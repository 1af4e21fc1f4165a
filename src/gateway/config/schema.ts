import * as z from 'zod'
import { access, cors } from './schema/access.ts'
import { audit } from './schema/audit.ts'
import { console } from './schema/console.ts'
import { cookie } from './schema/cookie.ts'
import { issuer } from './schema/issuer.ts'
import { limits } from './schema/limits.ts'
import { log } from './schema/log.ts'
import { observability } from './schema/observability.ts'
import { portal } from './schema/portal.ts'
import { type project, projects } from './schema/projects.ts'
import { proofOfPossession } from './schema/proof-of-possession.ts'
import { routes } from './schema/routes.ts'
import { server } from './schema/server.ts'
import { session } from './schema/session.ts'

export { projectList } from './schema/projects.ts'
export { mlflowSettings } from './schema/routes.ts'

/**
 * The configuration: types, defaults, units, documentation, messages, and what a reload applies, in one place.
 * `modelops-gateway schema` prints it as JSON Schema; `docs/reference/configuration.md` is generated from it.
 */
export const configSchema = z.strictObject({
  server,
  issuer,
  session,
  proofOfPossession: proofOfPossession.prefault({}),
  cookie: cookie.prefault({}),
  access,
  projects,
  routes,
  cors: cors.prefault({}),
  portal: portal.prefault({}),
  console: console.prefault({}),
  limits: limits.prefault({}),
  log: log.prefault({}),
  observability: observability.prefault({}),
  audit: audit.prefault({}),
})

export type Config = z.output<typeof configSchema>
export type RouteConfig = Config['routes'][number]
export type ProjectConfig = z.output<typeof project>
