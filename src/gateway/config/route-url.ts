import type { Config, RouteConfig } from './schema.ts'

/** The address of a route for clients, without a trailing slash. */
export function routeUrl(
  { publicUrl }: Pick<Config['server'], 'publicUrl'>,
  route: Pick<RouteConfig, 'host' | 'path'>,
) {
  const at = route.host === undefined ? publicUrl : `${new URL(publicUrl).protocol}//${route.host}`
  return new URL(route.path, at).href.replace(/\/$/, '')
}

/** The address of the first route to an application; undefined where there is none. */
export function appUrl({ server, routes }: Pick<Config, 'server' | 'routes'>, app: RouteConfig['app']) {
  const route = routes.find((each) => each.app === app)
  return route && routeUrl(server, route)
}
