import type { Config } from './schema.ts'

/** Origins the gateway answers on: publicUrl's first, then those of routes with a host of their own. */
export function ownOrigins({ server, routes }: Pick<Config, 'server' | 'routes'>): readonly string[] {
  const scheme = new URL(server.publicUrl).protocol
  const hosts = routes.flatMap((route) =>
    route.host === undefined ? [] : [new URL(`${scheme}//${route.host}`).origin],
  )
  return [...new Set([server.publicUrl, ...hosts])]
}
