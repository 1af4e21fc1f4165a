import { quantile, ROUTES, type Row, rate, SELECTED, sumBy, timeseries } from '../panel.ts'

const REQUESTS = 'http_server_request_duration_seconds_count'
const DURATION = 'http_server_request_duration_seconds'
/** Upgraded connections last as long as their page is open. */
const ORDINARY = `${ROUTES},status!="101"`
const FAILED = `${ROUTES},status=~"5.."`

export const traffic: Row = {
  title: 'Traffic',
  panels: [
    timeseries('Requests by route', 'Requests per second by route or endpoint of the gateway.', 'reqps', [
      { expr: sumBy('route', rate(REQUESTS, ROUTES)), legend: '{{route}}' },
    ]),
    timeseries(
      'Requests by status',
      'Status as the client received it. `none`: the client closed the connection before a response.',
      'reqps',
      [{ expr: sumBy('status', rate(REQUESTS, ROUTES)), legend: '{{status}}' }],
    ),
    timeseries('Errors by route', 'Share of requests with a status of 500 or more.', 'percentunit', [
      {
        expr: `${sumBy('route', rate(REQUESTS, FAILED))} / ${sumBy('route', rate(REQUESTS, ROUTES))}`,
        legend: '{{route}}',
        mayBeEmpty: 'no request failed',
      },
    ]),
    timeseries(
      'Duration',
      'From the arrival of a request to the end of its response, the application included.',
      's',
      [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, '', DURATION, ORDINARY), legend: `p${q * 100}` })),
    ),
    timeseries('Duration by route (p95)', 'One of twenty requests takes longer.', 's', [
      { expr: quantile(0.95, 'route, ', DURATION, ORDINARY), legend: '{{route}}' },
    ]),
    timeseries('Bytes', 'Bodies of requests and responses.', 'Bps', [
      { expr: `sum(${rate('http_server_request_body_bytes_total', ROUTES)})`, legend: 'received' },
      { expr: `sum(${rate('http_server_response_body_bytes_total', ROUTES)})`, legend: 'sent' },
    ]),
    timeseries('In flight', 'Requests without a complete response, and open WebSockets.', 'short', [
      { expr: `sum(http_server_active_requests{${SELECTED}})`, legend: 'requests' },
      { expr: `sum(modelops_gateway_upgraded_connections{${SELECTED}})`, legend: 'WebSockets' },
    ]),
  ],
}
