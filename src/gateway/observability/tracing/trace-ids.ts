import { randomBytes } from 'node:crypto'
import type { IdGenerator } from '@opentelemetry/sdk-trace-base'

/** Random bytes that are made at once: one call of the system's generator serves many requests. */
const POOL_BYTES = 4096
const TRACE_DIGITS = 32
const SPAN_DIGITS = 16

/**
 * IDs of traces and spans, for the SDK and for requests that are not recorded. Theirs are taken for every request.
 */
export class TraceIds implements IdGenerator {
  #pool = ''
  #at = 0

  generateTraceId = (): string => this.#next(TRACE_DIGITS)

  generateSpanId = (): string => this.#next(SPAN_DIGITS)

  /** Never all zeros, which no ID may be (W3C Trace Context §3.2.2): the chance is 2⁻⁶⁴ for the shorter one. */
  #next(digits: number): string {
    if (this.#at + digits > this.#pool.length) {
      this.#pool = randomBytes(POOL_BYTES).toString('hex')
      this.#at = 0
    }
    const id = this.#pool.slice(this.#at, this.#at + digits)
    this.#at += digits
    return id
  }
}
