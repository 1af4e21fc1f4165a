import type { RequestContext } from '../routing/request-context.ts'

/**
 * Whether a missing or wrong credential is said with 407 and `Proxy-Authenticate` instead of 401 and `WWW-Authenticate`
 * (RFC 9110 §11.7.1, §15.5.8): on a route whose credentials for the gateway are in `Proxy-Authorization`. A 401 would ask
 * for `Authorization`, which goes to the upstream, and could not be told from the upstream's own 401. Browsers and other
 * implementations of `fetch` get 401 all the same: they turn a 407 into a network error (Fetch §4.6). All of them send
 * `Sec-Fetch-Mode`.
 */
export const usesProxyChallenge = ({ route, head }: Pick<RequestContext, 'route' | 'head'>): boolean =>
  route?.config.credentials === 'proxy-authorization' && head.headers['sec-fetch-mode'] === undefined
