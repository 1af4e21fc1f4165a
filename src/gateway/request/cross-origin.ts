import type { IncomingMessage } from 'node:http'
import { Refusal } from '../errors.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { Exchange } from '../routing/request-context.ts'

/** What browsers of other origins may do (Fetch §3.3, RFC 10017 §6.1.3.3). Only listed origins, never a reflection. */
export interface CrossOrigin {
  /** Adds the CORS headers that the answer needs, whatever it will be. */
  annotate(exchange: Exchange): void
  /** True for a preflight of a listed origin: it is answered without anybody being signed in. */
  isPreflight(exchange: Exchange): boolean
  answerPreflight(exchange: Exchange): void
  /** Refuses a request that rides on a session cookie and comes from elsewhere. @throws Refusal `cross-origin` */
  check(exchange: Exchange): void
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export function buildCrossOrigin(allowedOrigins: readonly string[], scheme: string): CrossOrigin {
  const allowed = new Set(allowedOrigins)
  const isOwn = (origin: string, host: string) => origin === `${scheme}://${host}`

  return {
    annotate({ request, responseHeaders }) {
      const { origin } = request.headers
      if (allowed.size === 0) return
      responseHeaders.push('Vary', 'Origin')
      if (origin === undefined || !allowed.has(origin)) return
      responseHeaders.push(
        'Access-Control-Allow-Origin',
        origin,
        'Access-Control-Allow-Credentials',
        'true',
        'Access-Control-Expose-Headers',
        'X-Request-Id, ETag, Location, WWW-Authenticate',
      )
    },
    isPreflight({ request }) {
      const { origin } = request.headers
      return (
        request.method === 'OPTIONS' &&
        origin !== undefined &&
        allowed.has(origin) &&
        request.headers['access-control-request-method'] !== undefined
      )
    },
    answerPreflight(exchange) {
      const { response, requestId, responseHeaders } = exchange
      const headers = [...responseHeaders, ...preflightHeaders(exchange), 'X-Request-Id', requestId]
      response.writeHead(204, headers).end()
    },
    check({ request, host }) {
      const { origin } = request.headers
      const upgrade = isWebSocket(request)
      if (SAFE.has(request.method ?? '') && !upgrade) return
      if (origin !== undefined) {
        if (isOwn(origin, host) || allowed.has(origin)) return
        throw new Refusal('cross-origin', 'Origin is not allowed')
      }
      if (upgrade) throw new Refusal('cross-origin', 'an upgrade with a session cookie has no Origin')
      checkFetchSite(request)
    },
  }
}

function preflightHeaders({ request, route }: Exchange): string[] {
  const asked = request.headers['access-control-request-headers']
  const headers = [
    'Access-Control-Allow-Methods',
    [...(route?.methods ?? ['GET', 'POST'])].join(', '),
    'Access-Control-Max-Age',
    '600',
  ]
  if (asked !== undefined && /^[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+)*$/.test(asked))
    headers.push('Access-Control-Allow-Headers', asked)
  return headers
}

/** Without `Origin`, a browser still says where a request comes from; clients that are no browsers say nothing. */
function checkFetchSite(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return
  throw new Refusal('cross-origin', 'Sec-Fetch-Site is not same-origin')
}
