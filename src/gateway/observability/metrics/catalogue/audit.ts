import type { MetricDefinition } from '../definition.ts'

const labels = { sink: 'name of the sink in `audit.sinks`' }

export const AUDIT_METRICS = {
  modelops_gateway_audit_events_total: {
    type: 'counter',
    help: 'Events of the audit trail.',
    unit: 'events',
    labels: { ...labels, result: '`written` or `lost`' },
  },
  modelops_gateway_audit_sink_ready: {
    type: 'gauge',
    help: 'Whether the sink writes what it gets.',
    unit: '1 or 0',
    labels,
    aggregator: 'min',
  },
  modelops_gateway_audit_queue_length: {
    type: 'gauge',
    help: 'Events that wait for the sink.',
    unit: 'events',
    labels,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>
