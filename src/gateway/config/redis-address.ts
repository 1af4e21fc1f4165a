/** Where the session store is, taken from `session.store`. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly tls: boolean
  /** The server itself, or the sentinels, or some nodes of the cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly username: string | undefined
  readonly password: string | undefined
  /** Name of the master that the sentinels watch. */
  readonly master: string | undefined
  readonly database: number
  /** Prefix of every key and channel. Contains a hash tag, so that all keys of a gateway are in one slot of a cluster. */
  readonly prefix: string
  readonly sentinelUsername: string | undefined
  readonly sentinelPassword: string | undefined
}

const FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?]*)@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/
const PORTS = { single: 6379, cluster: 6379, sentinel: 26_379 }
const PARAMETERS = new Set(['prefix', 'sentinelUsername', 'sentinelPassword'])

/**
 * `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS, `redis+sentinel://host,host/master[/database]`,
 * `redis+cluster://host,host`; parameters `prefix`, `sentinelUsername`, `sentinelPassword`.
 * @throws Error that says what was expected, without the address: it may contain a password
 */
export function parseRedisAddress(text: string): RedisAddress {
  const [, scheme, form, user = '', hosts = '', path = '', query] = FORM.exec(text) ?? []
  if (scheme === undefined) throw new Error('expected redis://[user:password@]host[:port]')
  const kind = form === 'sentinel' || form === 'cluster' ? form : 'single'
  const [username, password] = credentials(user)
  const parameters = parametersOf(query)
  const nodes = hosts.split(',').map((host) => nodeOf(host, PORTS[kind]))
  if (kind === 'single' && nodes.length > 1)
    throw new Error('expected one host, or redis+sentinel:// or redis+cluster://')
  return {
    ...{ kind, tls: scheme === 'rediss', nodes, username, password },
    ...placeOf(kind, path),
    prefix: `{${parameters.get('prefix') ?? 'modelops-gateway'}}:`,
    sentinelUsername: parameters.get('sentinelUsername') ?? undefined,
    sentinelPassword: parameters.get('sentinelPassword') ?? undefined,
  }
}

function credentials(user: string): [string | undefined, string | undefined] {
  const colon = user.indexOf(':')
  const part = (value: string) => (value === '' ? undefined : decodeURIComponent(value))
  return colon < 0 ? [part(user), undefined] : [part(user.slice(0, colon)), part(user.slice(colon + 1))]
}

function nodeOf(text: string, defaultPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port ?? defaultPort) > 65_535) throw new Error('expected host[:port], by commas')
  return { host, port: Number(port ?? defaultPort) }
}

function placeOf(kind: RedisAddress['kind'], path: string): Pick<RedisAddress, 'master' | 'database'> {
  const [master, database = ''] = kind === 'sentinel' ? path.split('/') : [undefined, path]
  if (kind === 'sentinel' && !master) throw new Error('expected the name of the master after the sentinels: /NAME')
  if (kind === 'cluster' && database !== '') throw new Error('expected no database: a cluster has one')
  if (!/^\d{0,4}$/.test(database)) throw new Error('expected a database number after the host')
  return { master, database: Number(database) }
}

function parametersOf(query: string | undefined): URLSearchParams {
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) {
    if (!PARAMETERS.has(name)) throw new Error(`expected no parameters but ${[...PARAMETERS].join(', ')}`)
  }
  const prefix = parameters.get('prefix')
  if (prefix !== null && !/^[\w.-]{1,64}$/.test(prefix))
    throw new Error('prefix: expected 1 to 64 letters, digits, `.`, `-`')
  return parameters
}
