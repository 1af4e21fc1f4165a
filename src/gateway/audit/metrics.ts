/** What is counted of the audit trail. */
export interface AuditMetrics {
  written(sink: string, events: number): void
  lost(sink: string, events: number): void
}

/** The state of one sink, read when Prometheus asks. */
export interface SinkState {
  readonly name: string
  readonly works: boolean
  /** Events that wait. */
  readonly queued: number
}
