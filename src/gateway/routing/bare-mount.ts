import { isNavigation } from '../http/navigation.ts'
import { type Reply, redirectReply } from '../http/reply.ts'
import { projectSegment } from './below-route.ts'
import type { RequestContext } from './request-context.ts'
import type { Route } from './routes.ts'

/** An application mounted below a prefix uses relative links: its start page needs the slash. */
export function isBareMount({ head, target }: RequestContext, route: Route): boolean {
  if (!route.profile.stripPrefix || target === undefined || target.path.endsWith('/')) return false
  const rest = target.path.slice(route.prefix.length)
  const bare = rest === '' || (route.profile.projectInPath && projectSegment(rest)?.length === rest.length - 1)
  return bare && (isNavigation(head) || head.method === 'GET' || head.method === 'HEAD')
}

/** Sends a client to the same place with a slash, with the same method. */
export function redirectToSlash({ head, target }: RequestContext): Reply {
  const query = target?.query ? `?${target.query}` : ''
  const isSafe = head.method === 'GET' || head.method === 'HEAD'
  return redirectReply(`${target?.path}/${query}`, isSafe ? 302 : 308)
}
