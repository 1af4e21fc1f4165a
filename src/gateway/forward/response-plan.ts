import type { Config } from '../config/schema.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import { isPageForBar, pageBarRewrite } from './page-bar.ts'
import type { Rewrite } from './rewrite.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/** How the response to an upstream request is sent to the client. */
export interface ResponsePlan {
  readonly cookieBase: string
  /** Added to the upstream's own headers; names and values in turn. */
  readonly headers: readonly string[]
  /** Turns an upstream's own `Location` into one that the client can follow. */
  readonly location: (value: string) => string
  /** When set, the response is read completely and rewritten. */
  readonly rewrite?: Rewrite | undefined
}

export type BuildResponsePlan = (admitted: AdmittedRequest, request: Pick<UpstreamRequest, 'origin'>) => ResponsePlan

export function buildResponsePlan(config: Config): BuildResponsePlan {
  const scheme = new URL(config.server.publicUrl).protocol.slice(0, -1)
  const cookieBase = config.cookie.name
  const framing = framingHeaders(config)
  // Most configurations add nothing, and then nothing is copied for a request.
  const framed = (own: readonly string[] = []) => (framing.length === 0 ? own : [...framing, ...own])

  return (admitted, { origin }) => {
    const {
      context,
      route: { profile },
      below,
      admission,
    } = admitted
    const rule = profile.responseRule?.(below.app)
    const prefix = profile.stripPrefix ? below.publicPrefix : ''
    return {
      cookieBase,
      headers: framed(profile.responseHeaders?.(below.app)),
      location: (value) => publicLocation(value, origin, prefix, `${scheme}://${context.host}`),
      rewrite: rule
        ? { maxBytes: rule.maxBytes, apply: (status, body) => rule.rewrite(status, body, admission) }
        : isPageForBar(admitted)
          ? pageBarRewrite
          : undefined,
    }
  }
}

/**
 * With any other SameSite a frame on another site has no session. Every policy of a response applies, so that the
 * application's own can only forbid more (CSP3 §8.1).
 */
function framingHeaders({ cookie, server }: Config): readonly string[] {
  if (cookie.sameSite !== 'none') return []
  return ['Content-Security-Policy', ["frame-ancestors 'self'", ...server.frameAncestors].join(' ')]
}

/** An upstream that redirects to itself names its own address: the client needs ours. */
function publicLocation(value: string, upstream: string, prefix: string, publicOrigin: string): string {
  const origin = new URL(upstream).origin
  if (value.startsWith(`${origin}/`)) return `${publicOrigin}${prefix}${value.slice(origin.length)}`
  return value.startsWith('/') && !value.startsWith('//') ? `${prefix}${value}` : value
}
