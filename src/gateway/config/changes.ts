import { isDeepStrictEqual } from 'node:util'
import type { FieldError } from '../../shared/settings/field-errors.ts'
import type { Config } from './schema.ts'

/** When a change takes effect: with a reload (SIGHUP), or only with a new process. */
export type Takes = 'reload' | 'restart'

type Table = { readonly [S in keyof Config]: Takes | { readonly [K in keyof Required<Config>[S]]-?: Takes } }

/**
 * Every key, once. What needs a restart is bound to something that outlives a reload: a socket, the store's contents,
 * the cookie that browsers hold, the parser of a connection that is open.
 */
export const RELOADABLE = {
  server: {
    listen: 'restart',
    publicUrl: 'restart',
    insecureHttp: 'restart',
    trustedProxies: 'reload',
    adminListen: 'restart',
    adminTokenHash: 'reload',
    workers: 'restart',
    drainSeconds: 'reload',
  },
  issuer: {
    // Sessions belong to their issuer, refresh tokens to their client (RFC 6749 §6).
    url: 'restart',
    clientId: 'restart',
    clientSecret: 'reload',
    clientAuthentication: 'reload',
    scopes: 'reload',
    groupsClaim: 'reload',
    projectsClaim: 'reload',
    usernameClaim: 'reload',
    audiences: 'reload',
    algorithms: 'reload',
    accessTokenTypes: 'reload',
    introspection: 'reload',
    basicTokenParameters: 'reload',
    additional: 'reload',
    requirePkce: 'reload',
    timeoutSeconds: 'reload',
    clockSkewSeconds: 'reload',
    maxAgeSeconds: 'reload',
    cliClientId: 'reload',
    cliScopes: 'reload',
  },
  session: {
    secrets: 'reload',
    store: 'restart',
    storeCa: 'restart',
    storeTimeoutMs: 'restart',
    idleSeconds: 'reload',
    absoluteSeconds: 'reload',
    cacheSeconds: 'reload',
    cacheEntries: 'reload',
    staleSeconds: 'reload',
    refreshBeforeSeconds: 'reload',
    issuerGraceSeconds: 'reload',
  },
  cookie: 'restart',
  access: 'reload',
  projects: 'reload',
  routes: 'reload',
  cors: 'reload',
  limits: {
    // A connection's parser keeps what it was made with: it would cut off what the new limit allows.
    headerBytes: 'restart',
    headerCount: 'restart',
    headerSeconds: 'restart',
    urlBytes: 'reload',
    bodyIdleSeconds: 'reload',
    answerIdleSeconds: 'reload',
    tokenOverrunSeconds: 'reload',
    keepAliveSeconds: 'reload',
    upstreamIdleSeconds: 'reload',
    upstreamConnections: 'reload',
    loginsPerMinute: 'reload',
    badTokensPerMinute: 'reload',
    badSecretsPerMinute: 'reload',
    badSecretsPerClientPerMinute: 'reload',
  },
  log: 'reload',
} as const satisfies Table

interface Change {
  /** Dotted path of a key of {@link RELOADABLE}. */
  readonly path: string
  readonly takes: Takes
}

/** The keys whose values differ. */
export function changesOf(inForce: Config, next: Config): Change[] {
  return keysOf(RELOADABLE).filter(({ path }) => !isDeepStrictEqual(valueAt(inForce, path), valueAt(next, path)))
}

/** Changes that a reload cannot make, as faults that name the key and show no value. */
export function restartFaults(inForce: Config, next: Config): FieldError[] {
  return changesOf(inForce, next)
    .filter(({ takes }) => takes === 'restart')
    .map(({ path }) => ({ path, expected: 'no change without a restart', got: 'another value' }))
}

/** The keys of a table, as dotted paths. */
export function keysOf(table: Readonly<Record<string, Takes | Readonly<Record<string, Takes>>>>): Change[] {
  return Object.entries(table).flatMap(([section, takes]) =>
    typeof takes === 'string'
      ? [{ path: section, takes }]
      : Object.entries(takes).map(([key, each]) => ({ path: `${section}.${key}`, takes: each })),
  )
}

const valueAt = (config: Config, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => Reflect.get(value as object, key), config)
