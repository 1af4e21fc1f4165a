import type { Admission, AppProfile, AppRequest } from '../apps/profile.ts'
import type { Refusal } from '../errors.ts'
import type { Occurrence } from '../http/occurrence.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { RequestTrace } from '../http/request-trace.ts'
import type { Target } from '../http/target.ts'
import type { Decision, Use } from '../policy/types.ts'
import type { Caller } from '../tokens/caller.ts'
import type { Route } from './routes.ts'

/** One inbound request with what is known of it: filled in step by step, read when the response has finished. */
export interface RequestContext {
  /** Forward auth replaces it by the head of the request that the proxy asks about. */
  head: RequestHead
  /** Undefined: tracing is off, or the request is a health check. */
  readonly trace: RequestTrace | undefined
  readonly traceId: string | undefined
  /** When the head had arrived, in milliseconds of `performance.now()`. */
  readonly startedAt: number
  /** Canonical host of the request; empty until it is checked. */
  host: string
  target: Target | undefined
  route: Route | undefined
  /** Path of the gateway's own endpoint that serves the request. */
  endpoint: string | undefined
  caller: Caller | undefined
  decision: Decision | undefined
  /** The request below its route, as the application's profile sees it. */
  appRequest: AppRequest | undefined
  /** What the request does, as the profile classifies it. */
  use: Use | undefined
  admission: Admission | undefined
  /** The error format of the application that a malformed path seems to be for; no route is known then. */
  dialect: AppProfile['refusal'] | undefined
  /** What an endpoint of the gateway did. */
  occurrence: Occurrence | undefined
  /** The occurrence that the audit trail has: more may happen after the client has left. */
  recorded: Occurrence | undefined
  /** Why the request was denied. */
  denial: Refusal | undefined
  /** Where a person returns to after signing in; unset: to the place that this request is for. */
  returnTo: string | undefined
  /** Name of what that place demands of the sign-in; unset: what the route of the request demands. */
  stepUp: string | undefined
  /** Bytes of response bodies sent, as far as they have been handed to the connection. */
  sentBytes: number
  /** Bytes of the request body that were read while it was forwarded or checked. */
  receivedBytes: number
  /** Whether the metrics have it: a WebSocket that is cut later is no second request. */
  isCounted: boolean
  /** Headers for whatever response follows (CORS, cookies): names and values in turn. */
  readonly responseHeaders: string[]
}

/** The context of a request that has just arrived. */
export const openContext = (head: RequestHead, trace?: RequestTrace): RequestContext => ({
  head,
  trace,
  traceId: trace?.traceId,
  startedAt: performance.now(),
  host: '',
  target: undefined,
  route: undefined,
  endpoint: undefined,
  caller: undefined,
  decision: undefined,
  appRequest: undefined,
  use: undefined,
  admission: undefined,
  dialect: undefined,
  occurrence: undefined,
  recorded: undefined,
  denial: undefined,
  returnTo: undefined,
  stepUp: undefined,
  sentBytes: 0,
  receivedBytes: 0,
  isCounted: false,
  responseHeaders: [],
})
