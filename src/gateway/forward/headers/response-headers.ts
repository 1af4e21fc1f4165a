import type { Exchange } from '../../routing/request-context.ts'
import type { ResponsePlan } from '../forwarder.ts'

/** What only the gateway says; connection management is gone already. */
const DROPPED = new Set([
  'proxy-authenticate',
  'trailer',
  // It would end the gateway's cookies with the application's own.
  'clear-site-data',
  'x-request-id',
  'x-gateway-assertion',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
])

type Verdict = 'pass' | 'drop' | 'cookie' | 'location'

/** Verdict per spelling seen. Bounded: names are the upstream's choice. */
const known = new Map<string, Verdict>()
const KNOWN_MAX = 2000

function verdictOn(name: string): Verdict {
  const cached = known.get(name)
  if (cached !== undefined) return cached
  const lower = name.toLowerCase()
  const special: Record<string, Verdict> = { 'set-cookie': 'cookie', location: 'location' }
  const verdict = DROPPED.has(lower) ? 'drop' : (special[lower] ?? 'pass')
  if (known.size < KNOWN_MAX) known.set(name, verdict)
  return verdict
}

/** The head of an upstream's answer as the client gets it. Flat names and values, in and out. */
export function clientHeaders(headers: readonly string[], exchange: Exchange, incoming: ResponsePlan): string[] {
  const head: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    const verdict = verdictOn(name)
    if (verdict === 'pass') head.push(name, value)
    else if (verdict === 'location') head.push(name, incoming.location(value))
    else if (verdict === 'cookie' && !isOwnCookie(value, incoming.cookieBase)) head.push(name, value)
  }
  for (const item of incoming.headers) head.push(item)
  for (const item of exchange.responseHeaders) head.push(item)
  head.push('X-Request-Id', exchange.requestId)
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
