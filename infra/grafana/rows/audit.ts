import { type Row, rate, rateBy, SELECTED, sumBy, timeseries } from '../panel.ts'

export const audit: Row = {
  title: 'Audit trail and traces',
  panels: [
    timeseries('Events', 'Events by sink. A lost event cannot be recovered.', 'ops', [
      {
        expr: sumBy('sink, result', rate('modelops_gateway_audit_events_total')),
        legend: '{{sink}} {{result}}',
      },
    ]),
    timeseries('Sinks ready', '0: a sink does not accept events in at least one replica.', 'short', [
      {
        expr: `min by (sink) (modelops_gateway_audit_sink_ready{${SELECTED}})`,
        legend: '{{sink}}',
      },
    ]),
    timeseries('Queue', 'Events that wait for a sink.', 'short', [
      {
        expr: `max by (sink) (modelops_gateway_audit_queue_length{${SELECTED}})`,
        legend: '{{sink}}',
      },
    ]),
    timeseries(
      'Spans',
      'Spans of traces. Failed: the collector did not accept them. Dropped: the queue was full.',
      'ops',
      [rateBy('result', 'modelops_gateway_trace_spans_total', 'tracing is off')],
    ),
  ],
}
