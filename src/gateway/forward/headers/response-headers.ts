import type { RequestContext } from '../../routing/request-context.ts'
import type { ResponsePlan } from '../response-plan.ts'

/** What only the gateway says; connection management is gone already. */
const DROPPED = new Set([
  'proxy-authenticate',
  'trailer',
  // It would end the gateway's cookies with the application's own.
  'clear-site-data',
  'x-request-id',
  'x-gateway-assertion',
  'dpop-nonce',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
])

type Handling = 'pass' | 'drop' | 'cookie' | 'location'

/** A map, because an object would also have `constructor`, which an upstream may send. */
const SPECIAL: ReadonlyMap<string, Handling> = new Map([
  ['set-cookie', 'cookie'],
  ['location', 'location'],
])

/** How each spelling seen is handled. Bounded: names are the upstream's choice. */
const known = new Map<string, Handling>()
const KNOWN_MAX = 2000

function handlingOf(name: string): Handling {
  const cached = known.get(name)
  if (cached !== undefined) return cached
  const lower = name.toLowerCase()
  const handling = DROPPED.has(lower) ? 'drop' : (SPECIAL.get(lower) ?? 'pass')
  if (known.size < KNOWN_MAX) known.set(name, handling)
  return handling
}

/** The headers of an upstream's response as the client gets them. Names and values in turn, in and out. */
export function clientHeaders(headers: readonly string[], context: RequestContext, plan: ResponsePlan): string[] {
  const head: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    const handling = handlingOf(name)
    if (handling === 'pass') head.push(name, value)
    else if (handling === 'location') head.push(name, plan.location(value))
    else if (handling === 'cookie' && !isOwnCookie(value, plan.cookieBase)) head.push(name, value)
  }
  for (const item of plan.headers) head.push(item)
  for (const item of context.responseHeaders) head.push(item)
  head.push('X-Request-Id', context.head.requestId)
  return head
}

/**
 * An upstream must not set or end the gateway's own cookies, whatever their prefix. A browser keeps `=name=value` as a
 * cookie without a name, and sends its value back alone: as the pair `name=value` (RFC 6265bis §5.6, §8.6).
 */
function isOwnCookie(cookie: string, base: string): boolean {
  const pair = cookie.replace(/^[\s=]+/, '')
  const equals = pair.indexOf('=')
  const name = equals < 0 ? pair : pair.slice(0, equals)
  return name.toLowerCase().includes(base.toLowerCase())
}
