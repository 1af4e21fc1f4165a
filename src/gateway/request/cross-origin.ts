import { changesState, checkOrigin } from '../http/origin-check.ts'
import type { Reply } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { RequestContext } from '../routing/request-context.ts'

/** What pages of other origins may do (Fetch §3.3). Only listed origins, never a reflection. */
export interface CrossOrigin {
  /** Adds the CORS headers that the response needs, whatever it will be. */
  annotate(context: RequestContext): void
  /** The reply to a preflight of a listed origin, which needs nobody to be signed in; undefined for anything else. */
  preflight(context: RequestContext): Reply | undefined
  /** Denies a request that a session cookie authenticates and another site sent. @throws Refusal `cross-origin` */
  check(context: RequestContext): void
}

const EXPOSED = 'X-Request-Id, ETag, Location, WWW-Authenticate, DPoP-Nonce'

/** @param scheme of the public URL, without the colon */
export function buildCrossOrigin(allowedOrigins: readonly string[], scheme: string): CrossOrigin {
  const allowed = new Set(allowedOrigins)

  return {
    annotate({ head, responseHeaders }) {
      const { origin } = head.headers
      if (allowed.size === 0) return
      responseHeaders.push('Vary', 'Origin')
      if (origin === undefined || !allowed.has(origin)) return
      responseHeaders.push('Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true')
      responseHeaders.push('Access-Control-Expose-Headers', EXPOSED)
    },
    preflight({ head, route }) {
      if (head.method !== 'OPTIONS' || !isPreflight(head, allowed)) return undefined
      return { status: 204, headers: preflightHeaders(head, route?.methods ?? ['GET', 'POST']) }
    },
    check({ head, host }) {
      if (changesState(head)) checkOrigin(head, (origin) => origin === `${scheme}://${host}` || allowed.has(origin))
    },
  }
}

const isPreflight = ({ headers }: RequestHead, allowed: ReadonlySet<string>) =>
  headers.origin !== undefined && allowed.has(headers.origin) && headers['access-control-request-method'] !== undefined

function preflightHeaders({ headers }: RequestHead, methods: Iterable<string>): string[] {
  const asked = headers['access-control-request-headers']
  const reply = ['Access-Control-Allow-Methods', [...methods].join(', '), 'Access-Control-Max-Age', '600']
  if (asked !== undefined && /^[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+)*$/.test(asked))
    reply.push('Access-Control-Allow-Headers', asked)
  return reply
}
