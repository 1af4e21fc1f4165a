import type { IncomingMessage } from 'node:http'
import { REASONS, Refusal } from '../errors.ts'
import { isOwned } from '../forward/headers/owned-headers.ts'
import { parseTarget } from '../http/target.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { Exchange } from '../routing/request-context.ts'

/*
 * Forward auth: Caddy, nginx or Traefik asks whether a request may pass, and sends it on by itself. The decision is the
 * request path's own; here is how the question is read and how the verdict is written.
 */

/** What the proxy says, and nothing else: every one is required, once. */
const QUESTION = ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host'] as const
/** Headers of the question itself; they say nothing about the request that is asked about. */
const OF_THE_QUESTION = ['content-length', 'transfer-encoding', 'expect', 'connection', 'access-control-request-method']
/** Set by the proxy that forwards, not by us. */
const THE_PROXYS = new Set([
  'host',
  'cookie',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])
/** Always answered, empty where there is nothing to say: so a proxy that copies them overwrites a client's own. */
const ALWAYS = ['AOA-Project-ID', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Gateway-Assertion']

/**
 * The request that a proxy asks about, in the shape the path reads.
 * @param isTrusted whether a peer may ask at all
 * @throws Refusal `proxy-untrusted`, `request-malformed`, and `path-ambiguous` where the proxy would send on another
 * path than the one judged
 */
export function askedRequest(
  request: IncomingMessage,
  isTrusted: (peer: string | undefined) => boolean,
): IncomingMessage {
  if (!isTrusted(request.socket.remoteAddress))
    throw new Refusal('proxy-untrusted', 'the peer is not in server.trustedProxies')
  const [method, url, host] = QUESTION.map((name) => onlyValue(request, name)) as [string, string, string]
  if (!/^[A-Z]+$/.test(method)) throw new Refusal('request-malformed', 'X-Forwarded-Method is no method')
  const path = url.split('?', 1)[0] as string
  if (parseTarget(url).path !== path) throw new Refusal('path-ambiguous', 'the path is not in its plain form')
  const headers = { ...request.headers, host }
  for (const name of OF_THE_QUESTION) delete headers[name as keyof typeof headers]
  // nginx asks without `Upgrade`, which is between two hops, and switches protocols with the client all the same.
  if (headers['sec-websocket-key'] !== undefined) headers.upgrade = 'websocket'
  return Object.create(request, {
    method: { value: method },
    url: { value: url },
    headers: { value: headers },
    complete: { value: true },
  }) as IncomingMessage
}

function onlyValue({ rawHeaders }: IncomingMessage, name: (typeof QUESTION)[number]): string {
  const values = rawHeaders.filter((_, i) => i % 2 === 1 && (rawHeaders[i - 1] as string).toLowerCase() === name)
  if (values.length !== 1 || values[0] === undefined || values[0] === '')
    throw new Refusal('request-malformed', `expected ${name} once, got ${values.length}`)
  return values[0]
}

/**
 * Refuses what only the gateway itself can pass on: applications whose path it rewrites or that it prepares for a
 * project (MLflow, where a request without its workspace would land in the shared one), bodies that are judged, answers
 * it gives or writes anew.
 * @throws Refusal `app-denied`
 */
export function checkForwardable({ exchange, route: { profile, config }, below, admitted }: AdmittedRequest): void {
  if (isWebSocket(exchange.request) && !config.webSockets) throw new Refusal('app-denied', 'routes.webSockets is off')
  const needsUs =
    profile.projectInPath ||
    profile.prepare !== undefined ||
    profile.bodyRule?.(below.app) !== undefined ||
    profile.responseRule?.(below.app) !== undefined ||
    profile.reply?.(admitted) !== undefined
  if (needsUs)
    throw new Refusal('app-denied', 'this request is judged or answered by content: forward it to the gateway')
}

/** The answer that lets a request pass: the headers that the proxy is to set, each exactly once. */
export function sendVerdict({ response, requestId }: Exchange, outgoing: readonly string[]): void {
  const head: string[] = []
  const said = new Set<string>()
  for (let i = 0; i < outgoing.length; i += 2) {
    const name = outgoing[i] as string
    const lower = name.toLowerCase()
    if (!isOwned(name) || THE_PROXYS.has(lower)) continue
    head.push(name, outgoing[i + 1] as string)
    said.add(lower)
  }
  for (const name of ALWAYS) if (!said.has(name.toLowerCase())) head.push(name, '')
  if (!said.has('x-request-id')) head.push('X-Request-Id', requestId)
  response.writeHead(200, [...head, 'Content-Length', '0', 'Cache-Control', 'no-store'])
  response.end()
}

/** nginx understands 401 and 403 alone: the rest is said in headers, for its `error_page`. */
export function sendPlainRefusal({ response, requestId }: Exchange, { reason }: Refusal, loginUrl: string): void {
  const status = REASONS[reason].status === 401 ? 401 : 403
  response.writeHead(status, {
    'X-Gateway-Reason': reason,
    'X-Gateway-Login': loginUrl,
    'X-Request-Id': requestId,
    'Content-Length': '0',
    'Cache-Control': 'no-store',
  })
  response.end()
}
