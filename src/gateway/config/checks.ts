import { parse } from 'tldts'
import { isLoopback } from '../../shared/loopback.ts'
import type { FieldError } from '../../shared/settings/field-errors.ts'
import { mlflowFaults } from './mlflow-checks.ts'
import { parseRedisAddress } from './redis-address.ts'
import type { Config, ProjectConfig } from './schema.ts'
import { usesSecureCookies } from './secure-cookies.ts'

/** The sections of a configuration that are valid by themselves; a check runs when all it needs are there. */
export type ValidSections = Partial<Config>

/** Faults that no single field can show. Each check returns what it found; none throws. */
export function crossChecks({ server, issuer, session, cookie, routes, projects }: ValidSections): FieldError[] {
  return [
    ...(session ? [...secretFaults(session), ...sessionFaults(session)] : []),
    ...(issuer && isPlaceholder(issuer.clientSecret) ? [placeholderSecret] : []),
    ...(server ? transportFaults('server.publicUrl', server.publicUrl, server) : []),
    ...(server && issuer ? transportFaults('issuer.url', issuer.url, server) : []),
    ...(server && issuer ? additionalIssuerFaults(issuer, server) : []),
    ...(server && cookie ? cookieFaults({ server, cookie }) : []),
    ...(server && routes ? routeFaults({ server, routes }) : []),
    ...(projects?.source === 'static' ? projectFaults(projects.list, 'projects.list') : []),
    ...(projects?.source === 'core' ? serviceUserFaults(projects) : []),
  ]
}

const placeholderSecret: FieldError = {
  path: 'issuer.clientSecret',
  expected: 'the client’s secret',
  got: 'a placeholder (not shown)',
}

function secretFaults(session: Config['session']): FieldError[] {
  return session.secrets.flatMap((secret, index): FieldError[] => {
    const path = `session.secrets.${index}`
    const bytes = Buffer.byteLength(secret)
    if (bytes < 32)
      return [{ path, expected: 'at least 32 bytes, e.g. from `openssl rand -base64 48`', got: `${bytes} bytes` }]
    if (isPlaceholder(secret)) return [{ path, expected: 'a random secret', got: 'a placeholder (not shown)' }]
    return []
  })
}

const isPlaceholder = (text: string) =>
  /^(change[-_ ]?me|placeholder|secret|password|example|todo|x+|\*+)$/i.test(text) || new Set(text).size < 5

function transportFaults(path: string, text: string, server: Config['server']): FieldError[] {
  const url = new URL(text)
  if (server.insecureHttp || url.protocol === 'https:' || isLoopback(url.hostname)) return []
  return [
    {
      path,
      expected: 'https outside loopback (or server.insecureHttp: true on a closed test network)',
      got: JSON.stringify(text),
    },
  ]
}

/** An additional issuer is another one, and its keys come as safely as those of the first. */
function additionalIssuerFaults({ url, additional }: Config['issuer'], server: Config['server']): FieldError[] {
  const seen = new Set([url])
  return additional.flatMap((one, index): FieldError[] => {
    const path = `issuer.additional.${index}`
    const known = seen.has(one.url)
    seen.add(one.url)
    return [
      ...(known ? [{ path: `${path}.url`, expected: 'an issuer of its own', got: 'one that was named before' }] : []),
      ...transportFaults(`${path}.url`, one.url, server),
      ...(one.jwksUrl === undefined ? [] : transportFaults(`${path}.jwksUrl`, one.jwksUrl, server)),
    ]
  })
}

function cookieFaults({ cookie, server }: Pick<Config, 'cookie' | 'server'>): FieldError[] {
  const faults: FieldError[] = []
  const https = server.publicUrl.startsWith('https:')
  if (cookie.sameSite === 'none' && !usesSecureCookies({ cookie, server })) {
    faults.push({
      path: 'cookie.sameSite',
      expected: '`lax` or `strict`, or a secure cookie',
      got: 'none without secure',
    })
  }
  if (cookie.secure === false && https)
    faults.push({ path: 'cookie.secure', expected: 'true, because publicUrl is https', got: 'false' })
  if (cookie.secure === true && !https && !isLoopback(new URL(server.publicUrl).hostname)) {
    faults.push({
      path: 'cookie.secure',
      expected: 'false, or an https publicUrl (a browser would not send the cookie)',
      got: 'true',
    })
  }
  if (cookie.domain !== undefined) faults.push(...cookieDomainFaults(cookie.domain, server.publicUrl))
  return faults
}

/** A cookie domain must cover the public host and must not be a public suffix (RFC 6265bis §5.6). */
function cookieDomainFaults(domain: string, publicUrl: string): FieldError[] {
  const bare = domain.replace(/^\./, '')
  const host = new URL(publicUrl).hostname
  const got = JSON.stringify(domain)
  if (bare.includes(':')) return [{ path: 'cookie.domain', expected: 'a domain without port', got }]
  if (host !== bare && !host.endsWith(`.${bare}`))
    return [{ path: 'cookie.domain', expected: `a domain that covers ${host}`, got }]
  if (bare === 'localhost')
    return [
      {
        path: 'cookie.domain',
        expected: 'a domain below localhost, e.g. .demo.localhost (browsers share no cookie over all of localhost)',
        got,
      },
    ]
  if (isPublicSuffix(bare)) return [{ path: 'cookie.domain', expected: 'a domain that is no public suffix', got }]
  return []
}

/** Listed suffixes only: an unlisted single label (`example`, `internal`) is a private network's own business. */
function isPublicSuffix(domain: string): boolean {
  const { publicSuffix, isIcann, isPrivate } = parse(domain, { allowPrivateDomains: true })
  return publicSuffix === domain && (isIcann === true || isPrivate === true)
}

function routeFaults({ routes, server }: Pick<Config, 'routes' | 'server'>): FieldError[] {
  const faults: FieldError[] = []
  const names = new Map<string, number>()
  const places = new Map<string, number>()
  const publicHost = new URL(server.publicUrl).host
  routes.forEach((route, index) => {
    const path = `routes.${index}`
    const place = `${route.host ?? publicHost}${route.path}`
    const sameName = names.get(route.name)
    const samePlace = places.get(place)
    if (sameName !== undefined)
      faults.push({ path: `${path}.name`, expected: 'a name of its own', got: `the name of routes.${sameName}` })
    if (samePlace !== undefined)
      faults.push({ path: `${path}.path`, expected: 'a host and path of its own', got: `those of routes.${samePlace}` })
    names.set(route.name, index)
    places.set(place, index)
    faults.push(...oneRouteFaults(route, path))
  })
  return faults
}

function oneRouteFaults(route: Config['routes'][number], path: string): FieldError[] {
  const faults: FieldError[] = []
  const upstream = new URL(route.upstream)
  if (upstream.pathname !== '/')
    faults.push({ path: `${path}.upstream`, expected: 'an origin without path', got: JSON.stringify(route.upstream) })
  if (route.path === '/auth' || route.path.startsWith('/auth/')) {
    faults.push({
      path: `${path}.path`,
      expected: 'a path outside /auth, which is the gateway’s own',
      got: JSON.stringify(route.path),
    })
  }
  const forbidden = route.methods.filter((method) => ['TRACE', 'TRACK', 'CONNECT'].includes(method))
  if (forbidden.length > 0)
    faults.push({ path: `${path}.methods`, expected: 'none of TRACE, TRACK, CONNECT', got: forbidden.join(', ') })
  for (const app of ['mlflow', 'airflow'] as const) {
    if (route[app] && route.app !== app)
      faults.push({ path: `${path}.${app}`, expected: `no such key where app is ${route.app}`, got: 'a mapping' })
  }
  return [...faults, ...mlflowFaults(route, path)]
}

function sessionFaults(session: Config['session']): FieldError[] {
  const faults: FieldError[] = []
  if (session.idleSeconds > session.absoluteSeconds) {
    faults.push({
      path: 'session.idleSeconds',
      expected: `at most session.absoluteSeconds (${session.absoluteSeconds})`,
      got: String(session.idleSeconds),
    })
  }
  return [...faults, ...storeFaults(session)]
}

function storeFaults({ store, storeCa }: Config['session']): FieldError[] {
  const path = 'session.store'
  if (storeCa !== undefined && !store.startsWith('rediss'))
    return [{ path: 'session.storeCa', expected: 'a rediss:// store', got: 'a store without TLS' }]
  if (!store.startsWith('redis')) return []
  try {
    parseRedisAddress(store)
    return []
  } catch (error) {
    const expected = error instanceof Error ? error.message.replace(/^expected /, '') : 'a Redis address'
    return [{ path, expected, got: 'an address (not shown: it may hold a password)' }]
  }
}

export function projectFaults(list: readonly ProjectConfig[], path: string): FieldError[] {
  const seen = new Map<string, number>()
  return list.flatMap((project, index) => {
    const same = seen.get(project.id)
    seen.set(project.id, index)
    const at = path ? `${path}.${index}.id` : `${index}.id`
    return same === undefined ? [] : [{ path: at, expected: 'an id of its own', got: `the id of entry ${same}` }]
  })
}

function serviceUserFaults({ clientId, clientSecret }: Extract<Config['projects'], { source: 'core' }>): FieldError[] {
  if ((clientId === undefined) === (clientSecret === undefined)) return []
  const missing = clientId === undefined ? 'clientId' : 'clientSecret'
  return [{ path: `projects.${missing}`, expected: 'clientId and clientSecret, or neither', got: 'nothing' }]
}
