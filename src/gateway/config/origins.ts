import type { Config } from './schema.ts'

/** Origins that the gateway serves: that of publicUrl first, then those of routes with another host. */
export function ownOrigins({ server, routes }: Pick<Config, 'server' | 'routes'>): readonly string[] {
  const scheme = new URL(server.publicUrl).protocol
  const hosts = routes.flatMap((route) =>
    route.host === undefined ? [] : [new URL(`${scheme}//${route.host}`).origin],
  )
  return [...new Set([server.publicUrl, ...hosts])]
}
