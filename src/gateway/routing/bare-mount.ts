import { isNavigation } from '../http/navigation.ts'
import type { Exchange } from './request-context.ts'
import type { Route } from './routes.ts'

/** An application mounted below a prefix uses relative links: its start page needs the slash. */
export function isBareMount({ request, target }: Exchange, route: Route): boolean {
  if (!route.profile.stripPrefix || target === undefined || target.path.endsWith('/')) return false
  const rest = target.path.slice(route.prefix.length)
  const bare = rest === '' || (route.profile.projectInPath && /^\/[0-9a-f-]{36}$/i.test(rest))
  return bare && (isNavigation(request) || request.method === 'GET' || request.method === 'HEAD')
}

/** Sends a client on to the same place with a slash, with the same method. */
export function redirectToSlash({ request, response, requestId, target }: Exchange): undefined {
  const query = target?.query ? `?${target.query}` : ''
  response.writeHead(request.method === 'GET' || request.method === 'HEAD' ? 302 : 308, {
    Location: `${target?.path}/${query}`,
    'Content-Length': '0',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
  })
  response.end()
}
