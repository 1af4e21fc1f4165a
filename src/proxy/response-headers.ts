import type { Exchange } from './exchange.ts'
import type { Incoming } from './forward.ts'

/** Not passed back: between two hops, framing that is written anew, and what only the gateway says. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'x-request-id',
  'x-gateway-assertion',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
])

/** The head of an upstream's answer as the client gets it: flat names and values. */
export function answerHead(
  headers: Record<string, string | string[] | undefined>,
  exchange: Exchange,
  incoming: Incoming,
): string[] {
  const head: string[] = []
  const named = connectionNames(headers.connection)
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || DROPPED.has(name) || named?.includes(name)) continue
    if (name === 'set-cookie') pushCookies(head, value, incoming.cookieBase)
    else if (name === 'location') head.push(name, incoming.location(String(value)))
    else if (typeof value === 'string') head.push(name, value)
    else for (const item of value) head.push(name, item)
  }
  for (const item of exchange.answerHeaders) head.push(item)
  head.push('X-Request-Id', exchange.requestId)
  return head
}

const connectionNames = (value: string | string[] | undefined) =>
  value === undefined || value === 'keep-alive' || value === 'close'
    ? undefined
    : String(value)
        .split(',')
        .map((name) => name.trim().toLowerCase())

/** An upstream must not set or end the gateway's own cookies, whatever their prefix. */
function pushCookies(head: string[], value: string | string[], base: string): void {
  for (const cookie of Array.isArray(value) ? value : [value]) {
    const name = cookie.slice(0, cookie.indexOf('=')).trim().toLowerCase()
    if (!name.includes(base.toLowerCase())) head.push('Set-Cookie', cookie)
  }
}
