import { type LookupAddress, promises } from 'node:dns'
import type { Config } from '../../gateway/config/schema.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Metadata } from '../check/issuer.ts'
import { type Finding, skipped } from './finding.ts'

/** What the checks know and use. A check adds what later ones need. */
export interface World {
  readonly file: string
  readonly config: Config
  /** False: some references of the configuration are not available here, and placeholders are in their places. */
  readonly hasSecrets: boolean
  readonly clock: Clock
  readonly lookup: (host: string) => Promise<LookupAddress[]>
  readonly token: TokenSource
  /** What later checks leave out, and why: a host whose name was not found, or `host:port` of a bad certificate. */
  readonly blocked: Map<string, string>
  /** Of the issuer, once the discovery has succeeded. */
  metadata: Metadata | undefined
}

export interface TokenSource {
  /** An access token in a file. */
  readonly file?: string | undefined
  /** Sign in with a device code. */
  readonly login: boolean
  /** Shows a line at once. */
  readonly say: (line: string) => void
}

export const systemLookup = (host: string): Promise<LookupAddress[]> => promises.lookup(host, { all: true })

/** Why a server cannot be checked; undefined: it can. */
export const blockedBecause = (
  { blocked }: World,
  { host, port }: { host: string; port: number },
): string | undefined => blocked.get(host) ?? blocked.get(`${host}:${port}`)

/** The same for a URL, as a finding. */
export function blockedFinding(world: World, url: string, what: string): Finding | undefined {
  const { hostname, port, protocol } = new URL(url)
  const why = blockedBecause(world, { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) })
  return why === undefined ? undefined : skipped(`${what}: not checked, because ${why}`)
}
