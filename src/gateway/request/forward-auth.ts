import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../errors.ts'
import { isOwned } from '../forward/headers/owned-headers.ts'
import type { BuildUpstreamRequest } from '../forward/upstream-request.ts'
import type { Reply } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { RequestTrace } from '../http/request-trace.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { checkForwardableByProxy } from './content-rules.ts'
import type { Denials } from './denials.ts'
import { isOwnPath } from './own-endpoints.ts'
import { isReply, type Pipeline } from './pipeline.ts'
import type { Responder } from './responder.ts'

/*
 * Forward auth: Caddy, nginx or Traefik asks at `/auth/verify` whether a request may pass, and forwards it itself. The
 * decision is the pipeline's own; here is how the question is read and how the verdict is written.
 */

export const isVerify = (target: string) => target === '/auth/verify' || target.startsWith('/auth/verify?')

/** True when the proxy understands no other statuses than 200, 401 and 403. */
const wantsPlainStatus = (target: string) => target === '/auth/verify?for=nginx'

export interface ForwardAuthDeps {
  readonly pipeline: Pipeline
  readonly responder: Responder
  readonly denials: Denials
  readonly upstreamRequest: BuildUpstreamRequest
  readonly isTrustedProxy: (peer: string | undefined) => boolean
}

/** Handles `/auth/verify`, to the end of its response. Never throws, never rejects. */
export function buildForwardAuth(
  deps: ForwardAuthDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { pipeline, responder, denials } = deps

  return async (request, response) => {
    const transport = { request, response }
    const context = responder.open(transport)
    context.endpoint = '/auth/verify'
    const isPlain = wantsPlainStatus(context.head.target)
    try {
      context.head = askedHead(context.head, deps.isTrustedProxy)
      locate(pipeline, context)
      const asked = context.head.target.split('?', 1)[0]
      if (context.target?.path !== asked) throw new Refusal('path-ambiguous', 'the path is not in its plain form')
      const result = await pipeline.authorize(context)
      if (isReply(result)) return responder.send(context, transport, result)
      checkForwardableByProxy(result)
      responder.send(context, transport, verdict((await deps.upstreamRequest(result)).headers, context.trace))
    } catch (error) {
      responder.deny(context, transport, error, isPlain ? denials.plainReplyTo : denials.replyTo)
    }
  }
}

/**
 * Finds the route. What the gateway responds to itself is no verdict: a 2xx of ours would let the request pass as
 * nobody's.
 */
function locate(pipeline: Pipeline, context: RequestContext): void {
  try {
    pipeline.locate(context)
  } catch (error) {
    // 421 would be about the proxy's own request, which came to the right host.
    if (error instanceof Refusal && error.reason === 'unknown-host') throw notAnApplication()
    throw error
  }
  if (context.route === undefined || isOwnPath(context.target?.path ?? '')) throw notAnApplication()
}

const notAnApplication = () => new Refusal('no-route', 'the host and path are not those of an application')

/** What the proxy says, and nothing else: each is required, once. */
const QUESTION = ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host'] as const
/** Headers of the question itself; they say nothing about the request that is asked about. */
const OF_THE_QUESTION = ['content-length', 'transfer-encoding', 'expect', 'connection', 'access-control-request-method']

/**
 * The head of the request that a proxy asks about.
 * @param isTrusted whether a peer may ask at all
 * @throws Refusal `proxy-untrusted`, `request-malformed`
 */
function askedHead(head: RequestHead, isTrusted: (peer: string | undefined) => boolean): RequestHead {
  if (!isTrusted(head.peerAddress)) throw new Refusal('proxy-untrusted', 'the peer is not in server.trustedProxies')
  const [method, target, host] = QUESTION.map((name) => onlyValue(head, name)) as [string, string, string]
  if (!/^[A-Z]+$/.test(method)) throw new Refusal('request-malformed', 'X-Forwarded-Method is no method')
  const headers = { ...head.headers, host }
  for (const name of OF_THE_QUESTION) delete headers[name as keyof typeof headers]
  // nginx asks without `Upgrade`, which is between two hops, and switches protocols with the client all the same.
  if (headers['sec-websocket-key'] !== undefined) headers.upgrade = 'websocket'
  return { ...head, method, target, host, headers }
}

function onlyValue({ rawHeaders }: RequestHead, name: (typeof QUESTION)[number]): string {
  const values = rawHeaders.filter((_, i) => i % 2 === 1 && (rawHeaders[i - 1] as string).toLowerCase() === name)
  if (values.length !== 1 || values[0] === undefined || values[0] === '')
    throw new Refusal('request-malformed', `expected ${name} once, got ${values.length}`)
  return values[0]
}

/** Set by the proxy that forwards, not by us. */
const THE_PROXYS = new Set([
  'host',
  'cookie',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id', // the responder's own
])
/** Always written, empty where there is nothing to say, so that a proxy that copies them overwrites a client's own. */
const ALWAYS = ['AOA-Project-ID', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Gateway-Assertion']

/** The reply that lets a request pass: the headers that the proxy is to set, each exactly once. */
function verdict(upstreamHeaders: readonly string[], trace: RequestTrace | undefined): Reply {
  const headers: string[] = []
  const written = new Set<string>()
  for (let i = 0; i < upstreamHeaders.length; i += 2) {
    const name = upstreamHeaders[i] as string
    const lower = name.toLowerCase()
    if (!isOwned(name) || THE_PROXYS.has(lower)) continue
    headers.push(name, upstreamHeaders[i + 1] as string)
    written.add(lower)
  }
  for (const name of ALWAYS) if (!written.has(name.toLowerCase())) headers.push(name, '')
  if (trace) writeTrace(headers, trace)
  return { status: 200, headers: [...headers, 'Cache-Control', 'no-store'] }
}

/** The context of the question, for a proxy that does not trace by itself. Both headers, so that it overwrites a client's. */
function writeTrace(headers: string[], trace: RequestTrace): void {
  const before = headers.length
  trace.writeTo(headers)
  if (headers.length === before + 2) headers.push('tracestate', '')
}
