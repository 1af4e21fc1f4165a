import { quantileBy, type Row, rateBy, SELECTED, timeseries } from '../panel.ts'

export const peers: Row = {
  title: 'Issuer and session store',
  panels: [
    timeseries('Issuer reachable', 'By replica; 0: not reachable.', 'short', [
      { expr: `modelops_gateway_issuer_ready{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Duration of requests to the issuer (p95)', 'By operation.', 's', [
      quantileBy(0.95, 'operation', 'modelops_gateway_issuer_request_duration_seconds'),
    ]),
    timeseries('Errors of the issuer', 'Requests without a response, or with an error.', 'ops', [
      rateBy(
        'operation, error',
        'modelops_gateway_issuer_request_errors_total',
        'no error since the start',
        '{{operation}}: {{error}}',
      ),
    ]),
    timeseries('Session store writable', 'By replica; 0: not writable.', 'short', [
      { expr: `modelops_gateway_store_ready{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Duration of store operations (p99)', 'Redis on a healthy network needs a few milliseconds.', 's', [
      quantileBy(0.99, 'operation', 'modelops_gateway_store_operation_duration_seconds'),
    ]),
    timeseries('Errors of the session store', 'Operations that failed.', 'ops', [
      rateBy('operation', 'modelops_gateway_store_errors_total', 'no error since the start'),
    ]),
  ],
}
