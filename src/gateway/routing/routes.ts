import type { AppProfile, AppRequest } from '../apps/profile.ts'
import type { Config, RouteConfig } from '../config/schema.ts'
import type { StepUp } from '../policy/step-up.ts'
import type { Access } from '../policy/types.ts'
import { routeStepUp } from './step-up-rules.ts'

/** A configured route with what is computed from it once. */
export interface Route {
  readonly config: RouteConfig
  readonly profile: AppProfile
  readonly name: string
  /** Path prefix without trailing slash; empty for `/`. */
  readonly prefix: string
  /** Narrower routes of the same upstream: what a lenient server could read as one of theirs is not forwarded as ours. */
  readonly narrower: readonly Route[]
  readonly methods: ReadonlySet<string>
  /** Undefined: any sign-in suffices. */
  readonly stepUp: StepUp | undefined
}

/** Who may pass: what the route says, save for what the application's clients ask before they sign in. */
export const accessOf = ({ config, profile }: Route, request: AppRequest): Access =>
  profile.isPublic?.(request) ? 'public' : config.access

export interface RouteTable {
  /** Hosts of the gateway, lower case, with port where it is not the default. */
  readonly hosts: ReadonlySet<string>
  /** The route of the longest matching path on this host, by whole segments. */
  match(host: string, path: string): Route | undefined
  readonly all: readonly Route[]
}

export function buildRoutes(config: Config, profileOf: (route: RouteConfig) => AppProfile): RouteTable {
  const publicUrl = new URL(config.server.publicUrl)
  const byHost = new Map<string, Route[]>([[publicUrl.host, []]])
  const all: Route[] = []
  for (const entry of config.routes) {
    const host = entry.host ?? publicUrl.host
    const route: Route = {
      config: entry,
      profile: profileOf(entry),
      name: entry.name,
      prefix: entry.path === '/' ? '' : entry.path,
      methods: new Set(entry.methods),
      stepUp: routeStepUp(entry, config.issuer),
      narrower: [],
    }
    all.push(route)
    byHost.set(host, [...(byHost.get(host) ?? []), route])
  }
  for (const routes of byHost.values()) {
    routes.sort((a, b) => b.prefix.length - a.prefix.length)
    for (const route of routes) (route.narrower as Route[]).push(...routes.filter((other) => isNarrower(other, route)))
  }
  return {
    hosts: new Set(byHost.keys()),
    all,
    match: (host, path) => byHost.get(host)?.find((route) => covers(route.prefix, path)),
  }
}

/** `/mlflow` covers `/mlflow` and `/mlflow/…`, never `/mlflowx`. */
const covers = (prefix: string, path: string) =>
  path.startsWith(prefix) && (path.length === prefix.length || prefix === '' || path.charCodeAt(prefix.length) === 0x2f)

const isNarrower = (other: Route, route: Route) =>
  other !== route && originOf(other) === originOf(route) && covers(route.prefix, other.prefix)

/** However the configuration spells it. */
const originOf = ({ config }: Route) => new URL(config.upstream).origin

/**
 * Whether a more lenient server could read the path as one of a narrower route: without the dots and spaces at the end of
 * a segment (Windows), in another case, decoded twice, or after Unicode normalization (NFKC: `．` is `.`, `／` is `/`).
 */
export function looksNarrower({ narrower }: Route, decodedPath: string): boolean {
  if (narrower.length === 0) return false
  const readings = decodedPath.includes('%') ? [decodedPath, decodeAgain(decodedPath)] : [decodedPath]
  const folded = readings.map(foldPath)
  return narrower.some(({ prefix }) => folded.some((path) => covers(prefix.toLowerCase(), path)))
}

const foldPath = (path: string) =>
  path
    .normalize('NFKC')
    .toLowerCase()
    .split('/')
    .map((segment) => segment.split(';', 1)[0]?.replace(/[\s.]+$/u, '') ?? '')
    .join('/')

/** What is no escape stays. */
const decodeAgain = (path: string) =>
  path.replaceAll(/(?:%[0-9a-f]{2})+/gi, (octets) => Buffer.from(octets.replaceAll('%', ''), 'hex').toString())

type Port = '80' | '443'

/** What was read of each plain host seen. Bounded: it is the client's choice. */
const known: Record<Port, Map<string, string>> = { 80: new Map(), 443: new Map() }
const KNOWN_MAX = 1000

/**
 * The configured spelling of a `Host` value: lower case, without a trailing dot or the scheme's default port.
 * Undefined for what is no plain host (RFC 9110 §7.2).
 */
export function canonicalHost(value: string | undefined, defaultPort: Port): string | undefined {
  if (value === undefined) return undefined
  const hosts = known[defaultPort]
  const seen = hosts.get(value)
  if (seen !== undefined) return seen
  const host = readHost(value, defaultPort)
  if (host !== undefined && hosts.size < KNOWN_MAX) hosts.set(value, host)
  return host
}

function readHost(value: string, defaultPort: Port): string | undefined {
  const match = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])\.?(?::(\d{1,5}))?$/i.exec(value)
  if (!match?.[1]) return undefined
  const name = match[1].toLowerCase()
  const port = match[3]
  return port === undefined || port === defaultPort ? name : `${name}:${port}`
}
