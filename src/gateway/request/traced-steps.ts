import type { Forwarder } from '../forward/forwarder.ts'
import type { TraceSpan } from '../http/request-trace.ts'
import type { RequestContext } from '../routing/request-context.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import type { Authorize } from './authorize.ts'
import type { PipelineDeps } from './pipeline.ts'

/*
 * The steps of the request path that get a span of their own. They are wrapped where tracing is on, so that a gateway
 * without tracing runs exactly the steps themselves.
 */

export function tracedSteps({ authenticate, authorize }: Pick<PipelineDeps, 'authenticate' | 'authorize'>) {
  return { authenticate: tracedAuthenticate(authenticate), authorize: tracedAuthorize(authorize) }
}

const tracedAuthenticate =
  (authenticate: Authenticate): Authenticate =>
  (credentials) => {
    const span = credentials.trace?.begin('authenticate')
    if (span === undefined) return authenticate(credentials)
    const caller = orEnd(span, () => authenticate(credentials))
    if (caller instanceof Promise) return endWith(span, caller)
    span.end()
    return caller
  }

const tracedAuthorize = (authorize: Authorize): Authorize => ({
  ...authorize,
  decide(context, route, below) {
    const span = context.trace?.begin('decide')
    if (span === undefined) return authorize.decide(context, route, below)
    const decision = orEnd(span, () => authorize.decide(context, route, below))
    span.end({ reason: decision.reason })
    return decision
  },
})

/** Forwards with the trace context, which it writes as the last headers of the request. */
export const tracedForward =
  (forward: Forwarder['forward']): Forwarder['forward'] =>
  (context, transport, outgoing, plan) => {
    const span = context.trace?.beginUpstream(outgoing)
    const forwarded = forward(context, transport, outgoing, plan)
    return span === undefined ? forwarded : endWith(span, forwarded, () => statusOf(transport.response))
  }

/** The trace of a request that has finished is complete. */
export function finishTrace(context: RequestContext, status: number | undefined, isWhole: boolean): void {
  const { trace, head, admission, decision, denial } = context
  if (trace?.isRecorded !== true) return
  trace.finish({
    requestId: head.requestId,
    method: head.method,
    host: context.host,
    path: context.target?.path,
    httpVersion: head.httpVersion,
    template: templateOf(context),
    route: context.route?.name,
    clientAddress: head.clientAddress,
    peerAddress: head.peerAddress,
    project: admission?.project?.id,
    role: admission?.role,
    reason: denial?.reason ?? decision?.reason,
    status,
    bytes: context.sentBytes,
    isWhole,
  })
}

function templateOf({ endpoint, route }: RequestContext): string | undefined {
  if (endpoint !== undefined || route === undefined) return endpoint
  return route.config.path === '/' ? '/*' : `${route.config.path}/*`
}

/** Of a response that has begun. */
export const statusOf = ({ headersSent, statusCode }: { headersSent: boolean; statusCode: number }) =>
  headersSent ? statusCode : undefined

function orEnd<T>(span: TraceSpan, work: () => T): T {
  try {
    return work()
  } catch (error) {
    span.end({ error })
    throw error
  }
}

/** Ends a span with the work that it is about. */
export async function endWith<T>(span: TraceSpan, work: Promise<T>, status?: () => number | undefined): Promise<T> {
  try {
    const value = await work
    span.end({ status: status?.() })
    return value
  } catch (error) {
    span.end({ status: status?.(), error })
    throw error
  }
}
