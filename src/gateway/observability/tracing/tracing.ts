import type { RequestHead } from '../../http/request-head.ts'
import type { RequestTrace } from '../../http/request-trace.ts'

/** Tracing of one process, from its start to its end. The path knows this interface; the SDK is loaded behind it. */
export interface Tracing {
  /**
   * Begins the trace of a request that has just arrived.
   * @param isTrusted Whether a peer is a trusted proxy, whose trace is continued
   * @returns undefined for health checks, which are not traced
   */
  open(head: TracedHead, isTrusted: TrustsPeer): RequestTrace | undefined
  /** Exports what is queued, for at most {@link FLUSH_MS}. Never rejects. */
  close(): Promise<void>
}

/** Whether an address is that of a trusted proxy. */
export type TrustsPeer = (peer: string | undefined) => boolean

export type TracedHead = Pick<RequestHead, 'method' | 'target' | 'headers' | 'peerAddress'>

/** How long a process that stops waits for its collector, ms: less than what draining may take beyond its limit. */
export const FLUSH_MS = 2000
