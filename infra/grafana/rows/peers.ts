import { quantile, type Row, rate, SELECTED, sumBy, timeseries } from '../panel.ts'

export const peers: Row = {
  title: 'Issuer and session store',
  panels: [
    timeseries('Issuer reachable', 'By replica; 0: not reachable.', 'short', [
      { expr: `modelops_gateway_issuer_ready{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Duration of requests to the issuer (p95)', 'By operation.', 's', [
      {
        expr: quantile(0.95, 'operation, ', 'modelops_gateway_issuer_request_duration_seconds'),
        legend: '{{operation}}',
      },
    ]),
    timeseries('Errors of the issuer', 'Requests without a response, or with an error.', 'ops', [
      {
        expr: sumBy('operation, error', rate('modelops_gateway_issuer_request_errors_total')),
        legend: '{{operation}}: {{error}}',
        mayBeEmpty: 'no error since the start',
      },
    ]),
    timeseries('Session store writable', 'By replica; 0: not writable.', 'short', [
      { expr: `modelops_gateway_store_ready{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Duration of store operations (p99)', 'Redis on a healthy network needs a few milliseconds.', 's', [
      {
        expr: quantile(0.99, 'operation, ', 'modelops_gateway_store_operation_duration_seconds'),
        legend: '{{operation}}',
      },
    ]),
    timeseries('Errors of the session store', 'Operations that failed.', 'ops', [
      {
        expr: sumBy('operation', rate('modelops_gateway_store_errors_total')),
        legend: '{{operation}}',
        mayBeEmpty: 'no error since the start',
      },
    ]),
  ],
}
