/**
 * The trace of one request, as the request path sees it. It is part of the request's context, and there is none while
 * tracing is off. The path never looks a span up elsewhere: no AsyncLocalStorage, which every request would pay for.
 */
export interface RequestTrace {
  /** 32 lower-case hexadecimal digits (W3C Trace Context §3.2.2.3). */
  readonly traceId: string
  /** Whether the request was sampled. Otherwise nothing is recorded, and only the context is passed on. */
  readonly isRecorded: boolean
  /** Whether the peer is a trusted proxy: its `baggage` passes. */
  readonly isFromProxy: boolean
  /** Begins a step of the gateway; undefined where the request is not recorded. */
  begin(step: TraceStep): TraceSpan | undefined
  /** Begins the request to an upstream and writes the trace context to its headers. */
  beginUpstream(request: TracedUpstreamRequest): TraceSpan | undefined
  /** Writes the context of the request itself: for a proxy that forwards it. */
  writeTo(headers: string[]): void
  /** Ends the request's own span; a second call changes nothing. */
  finish(request: FinishedRequest): void
}

export type TraceStep = 'authenticate' | 'refresh' | 'decide'

/** A part of a request that is under way. */
export interface TraceSpan {
  end(outcome?: TraceOutcome): void
}

export interface TraceOutcome {
  /** HTTP status that the upstream responded with. */
  readonly status?: number | undefined
  /** Why the policy decided so. */
  readonly reason?: string | undefined
  /** What the work was ended by. Its kind is recorded, never its message. */
  readonly error?: unknown
}

export interface TracedUpstreamRequest {
  readonly method: string
  readonly origin: string
  /** Path with query; the query is not recorded. */
  readonly path: string
  /** Names and values in turn; the trace context is added. */
  readonly headers: string[]
}

/** What a span says of a request whose response has finished. Nothing of it comes from a header, a query or a body. */
export interface FinishedRequest {
  readonly requestId: string
  readonly method: string
  /** Canonical host of the request; empty where it is not known. */
  readonly host: string
  readonly path: string | undefined
  readonly httpVersion: string
  /** Template of the path: the route's own with `/*`, or the gateway's endpoint. */
  readonly template: string | undefined
  readonly route: string | undefined
  readonly clientAddress: string
  readonly peerAddress: string | undefined
  readonly project: string | undefined
  readonly role: string | undefined
  /** Of the denial, or of the decision. */
  readonly reason: string | undefined
  /** As the client received it; undefined: the connection closed before. */
  readonly status: number | undefined
  /** Bytes of the response body. */
  readonly bytes: number
  readonly isWhole: boolean
}
