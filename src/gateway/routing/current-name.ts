import { isNameInUrls } from '../../shared/project-name.ts'
import { type Reply, redirectReply } from '../http/reply.ts'
import type { Project } from '../policy/types.ts'
import type { BelowRoute } from './below-route.ts'
import type { RequestContext } from './request-context.ts'
import type { Route } from './routes.ts'

/**
 * Sends a member who names the project by a previous name to the same place below its current name, with the same method.
 * Undefined for any other request.
 */
export function redirectToCurrentName(
  { head, target }: RequestContext,
  route: Route,
  { projectName, publicPrefix }: BelowRoute,
  project: Project | undefined,
): Reply | undefined {
  if (projectName === undefined || project === undefined || project.name === projectName) return undefined
  const segment = isNameInUrls(project.name) ? project.name : project.id
  const rest = target?.path.slice(publicPrefix.length) ?? '/'
  const query = target?.query ? `?${target.query}` : ''
  const isSafe = head.method === 'GET' || head.method === 'HEAD'
  return redirectReply(`${route.prefix}/${segment}${rest}${query}`, isSafe ? 302 : 308)
}
