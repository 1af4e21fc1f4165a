import type { Config, RouteConfig } from './schema.ts'

/** The address of a route for clients, without a trailing slash. */
export function routeUrl(
  { publicUrl }: Pick<Config['server'], 'publicUrl'>,
  route: Pick<RouteConfig, 'host' | 'path'>,
) {
  const at = route.host === undefined ? publicUrl : `${new URL(publicUrl).protocol}//${route.host}`
  return new URL(route.path, at).href.replace(/\/$/, '')
}
