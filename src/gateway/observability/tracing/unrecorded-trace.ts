import type { TraceState } from '@opentelemetry/api'
import type { RequestTrace, TracedUpstreamRequest } from '../../http/request-trace.ts'
import type { TraceIds } from './trace-ids.ts'
import type { TracedHead, TrustsPeer } from './tracing.ts'

/** The trace of a request that is not sampled: most of them. It has an ID for the log and for the next hop, and no spans. */
export class UnrecordedTrace implements RequestTrace {
  readonly traceId: string
  readonly isRecorded = false
  readonly #head: TracedHead
  readonly #isTrusted: TrustsPeer
  readonly #ids: TraceIds
  readonly #state: TraceState | undefined

  constructor(traceId: string, ids: TraceIds, head: TracedHead, isTrusted: TrustsPeer, state?: TraceState) {
    this.traceId = traceId
    this.#ids = ids
    this.#head = head
    this.#isTrusted = isTrusted
    this.#state = state
  }

  get isFromProxy(): boolean {
    return this.#isTrusted(this.#head.peerAddress)
  }

  begin(): undefined {
    return undefined
  }

  beginUpstream({ headers }: TracedUpstreamRequest): undefined {
    this.writeTo(headers)
  }

  writeTo(headers: string[]): void {
    headers.push('traceparent', `00-${this.traceId}-${this.#ids.generateSpanId()}-00`)
    const state = this.#state?.serialize()
    if (state) headers.push('tracestate', state)
  }

  finish(): void {}
}
