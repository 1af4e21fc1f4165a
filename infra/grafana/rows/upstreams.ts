import { quantileBy, type Row, rateBy, SELECTED, sumBy, timeseries } from '../panel.ts'

export const upstreams: Row = {
  title: 'Applications',
  panels: [
    timeseries('Time to the first byte (p95)', 'From the request to the head of its response, by application.', 's', [
      quantileBy(0.95, 'upstream', 'modelops_gateway_upstream_first_byte_duration_seconds'),
    ]),
    timeseries('Time to connect (p95)', 'With TLS, where it is https.', 's', [
      quantileBy(0.95, 'upstream', 'modelops_gateway_upstream_connect_duration_seconds'),
    ]),
    timeseries('Errors', 'Requests to an application that failed.', 'ops', [
      rateBy(
        'upstream, reason',
        'modelops_gateway_upstream_errors_total',
        'no request failed since the start',
        '{{upstream}}: {{reason}}',
      ),
    ]),
    timeseries('Connections', 'Each carries one request at a time.', 'short', [
      {
        expr: sumBy('upstream, state', `modelops_gateway_upstream_connections{${SELECTED}}`),
        legend: '{{upstream}} {{state}}',
      },
    ]),
    timeseries('Requests that wait for a connection', 'More than 0 for minutes: all connections are in use.', 'short', [
      {
        expr: sumBy('upstream', `modelops_gateway_upstream_requests_waiting{${SELECTED}}`),
        legend: '{{upstream}}',
      },
    ]),
    timeseries('Known releases', '0: the rules of the nearest known release are used.', 'short', [
      {
        expr: `min by (route, release) (modelops_gateway_app_release_known{${SELECTED}})`,
        legend: '{{route}} {{release}}',
        mayBeEmpty: 'only MLflow and Airflow report a release',
      },
    ]),
  ],
}
