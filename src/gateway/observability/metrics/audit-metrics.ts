import type { Instruments } from './instruments.ts'

/** The state of one sink of the audit trail, read when Prometheus or an administrator asks. */
export interface SinkState {
  readonly name: string
  readonly works: boolean
  /** Why it does not work. */
  readonly fault?: string | undefined
  /** Events that wait. */
  readonly queued: number
}

/** Counts the events of the audit trail by sink. */
export interface AuditMetrics {
  written(sink: string, events: number): void
  lost(sink: string, events: number): void
}

/** @param sinks Those of the current configuration, read when Prometheus asks */
export function buildAuditMetrics(instruments: Instruments, sinks: () => readonly SinkState[]): AuditMetrics {
  const events = instruments.counter('modelops_gateway_audit_events_total')
  instruments.gauge('modelops_gateway_audit_sink_ready', (gauge) => {
    gauge.reset()
    for (const { name, works } of sinks()) gauge.set({ sink: name }, Number(works))
  })
  instruments.gauge('modelops_gateway_audit_queue_length', (gauge) => {
    gauge.reset()
    for (const { name, queued } of sinks()) gauge.set({ sink: name }, queued)
  })
  return {
    written: (sink, count) => events.labels({ sink, result: 'written' }).inc(count),
    lost: (sink, count) => events.labels({ sink, result: 'lost' }).inc(count),
  }
}
