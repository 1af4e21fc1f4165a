import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { Refusal } from '../../errors.ts'
import type { TraceOutcome, TraceSpan } from '../../http/request-trace.ts'

/** A step of the gateway. A denial that it ends with is its outcome; only a failure of the gateway's is an error. */
export class StepSpan implements TraceSpan {
  readonly #span: Span

  constructor(span: Span) {
    this.#span = span
  }

  end({ error, reason }: TraceOutcome = {}): void {
    if (reason !== undefined) this.#span.setAttribute('modelops.reason', reason)
    if (error !== undefined) {
      this.#span.setAttribute('modelops.reason', kindOf(error))
      if (!(error instanceof Refusal) || error.status >= 500) fail(this.#span, kindOf(error))
    }
    this.#span.end()
  }
}

/** The request to an upstream. For a client every response of 4xx or 5xx is an error (semantic conventions, HTTP spans). */
export class UpstreamSpan implements TraceSpan {
  readonly #span: Span

  constructor(span: Span) {
    this.#span = span
  }

  end({ status, error }: TraceOutcome = {}): void {
    if (status !== undefined) this.#span.setAttribute('http.response.status_code', status)
    if (error !== undefined) fail(this.#span, kindOf(error))
    else if (status === undefined) fail(this.#span, 'client-closed')
    else if (status >= 400) fail(this.#span, String(status))
    this.#span.end()
  }
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** The reason of a denial, else the class of the error: a message may contain anything. */
const kindOf = (error: unknown) =>
  error instanceof Refusal ? error.reason : error instanceof Error ? error.name : 'unknown'
