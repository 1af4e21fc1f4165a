import { ownOrigins } from '../../gateway/config/origins.ts'
import { parseRedisAddress } from '../../gateway/config/redis-address.ts'
import type { Config } from '../../gateway/config/schema.ts'
import { upstreamsIn } from '../check/upstreams.ts'

/** A server that the configuration names. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Keys of the configuration that name it. */
  readonly keys: readonly string[]
  /** Browsers connect to it, not the gateway: that this machine cannot may be intended. */
  readonly isPublic: boolean
  /** PEM certificates that may sign its certificate. Undefined: those of Node. */
  readonly ca?: string | undefined
}

/** Every server, in the order of the configuration, each once. */
export function placesIn(config: Config): Place[] {
  const { issuer, projects } = config
  const found = [
    placeOf(issuer.url, 'issuer.url'),
    ...ownOrigins(config).map((origin, index) =>
      placeOf(origin, index === 0 ? 'server.publicUrl' : 'routes[].host', true),
    ),
    ...upstreamsIn(config).map(({ upstream }) => placeOf(upstream.url, upstream.path)),
    ...(projects.source === 'core' ? [placeOf(projects.url, 'projects.url')] : []),
    ...storePlaces(config),
  ]
  const places = new Map<string, Place>()
  for (const place of found) {
    const id = `${place.host} ${place.port} ${place.tls}`
    const other = places.get(id)
    places.set(id, other === undefined ? place : { ...other, keys: [...other.keys, ...place.keys] })
  }
  return [...places.values()]
}

function placeOf(text: string, key: string, isPublic = false): Place {
  const { hostname, port, protocol } = new URL(text)
  const tls = protocol === 'https:'
  return { host: hostname, port: Number(port) || (tls ? 443 : 80), tls, keys: [key], isPublic }
}

function storePlaces({ session }: Config): Place[] {
  if (!session.store.startsWith('redis')) return []
  const { nodes, tls } = parseRedisAddress(session.store)
  return nodes.map(({ host, port }) => ({
    ...{ host, port, tls, keys: ['session.store'], isPublic: false },
    ca: session.storeCa,
  }))
}

/** Values in the place of references that are not available here. */
export const isPlaceholder = (host: string): boolean => host === 'unset.invalid' || host === '192.0.2.1'
