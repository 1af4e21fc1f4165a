import type { Config } from '../config/schema.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { ResponsePlan, UpstreamRequest } from './forwarder.ts'

/** How the answer to a passage is passed back. */
export function buildResponsePlan(
  config: Config,
): (passage: AdmittedRequest, outgoing: UpstreamRequest) => ResponsePlan {
  const scheme = new URL(config.server.publicUrl).protocol.slice(0, -1)
  const cookieBase = config.cookie.name

  return ({ exchange, route, below, admitted }, { origin }) => {
    const rule = route.profile.responseRule?.(below.app)
    return {
      cookieBase,
      headers: route.profile.responseHeaders?.(below.app) ?? [],
      location: (value) =>
        publicLocation(
          value,
          origin,
          route.profile.stripPrefix ? below.publicPrefix : '',
          `${scheme}://${exchange.host}`,
        ),
      rewrite: rule && { maxBytes: rule.maxBytes, apply: (status, body) => rule.rewrite(status, body, admitted) },
    }
  }
}

/** An upstream that redirects to itself names its own address: the client needs ours. */
function publicLocation(value: string, upstream: string, prefix: string, publicOrigin: string): string {
  const origin = new URL(upstream).origin
  if (value.startsWith(`${origin}/`)) return `${publicOrigin}${prefix}${value.slice(origin.length)}`
  return value.startsWith('/') && !value.startsWith('//') ? `${prefix}${value}` : value
}
