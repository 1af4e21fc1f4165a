import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

const ERRORS = 'job_upstream:modelops_gateway_upstream_errors:rate5m'
const RESPONSES = 'job_upstream:modelops_gateway_upstream_responses:rate5m'

/** The applications behind the gateway. */
export const upstreams: RuleGroup = {
  name: 'modelops-gateway-upstreams',
  rules: [
    {
      alert: 'ModelopsGatewayUpstreamDown',
      // Three errors or more, so that one failed request calls nobody. An application that never responded has no responses.
      expr: `${ERRORS}{${TARGETS}} > 0.01
unless on (${DEPLOYMENT}, upstream)
${ERRORS}{${TARGETS}} < 9 * ${RESPONSES}{${TARGETS}}`,
      for: '2m',
      severity: 'critical',
      summary: 'The application at {{ $labels.upstream }} does not respond to {{ $labels.job }}.',
      description:
        'Users of this application see “The application does not respond.” (502 or 504). Other applications work.',
    },
    {
      alert: 'ModelopsGatewayUpstreamErrors',
      expr: `job_route:modelops_gateway_server_errors:rate5m{${TARGETS}}
/
job_route:modelops_gateway_requests:rate5m{${TARGETS}}
> 0.05
and
job_route:modelops_gateway_server_errors:rate5m{${TARGETS}} > 0.05`,
      for: '5m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of the requests to route {{ $labels.route }} of {{ $labels.job }} fail.',
      description: 'Users of this route see errors (status 5xx) of the application or of the gateway.',
    },
    {
      alert: 'ModelopsGatewayLatency',
      expr: `job_route:modelops_gateway_request_duration_seconds:p95_5m{${TARGETS}} > 5
and
job_route:modelops_gateway_requests:rate5m{${TARGETS}} > 0.1`,
      for: '10m',
      severity: 'warning',
      summary: 'Route {{ $labels.route }} of {{ $labels.job }} is slow.',
      description:
        'One of twenty requests takes {{ $value | humanizeDuration }} or longer. Users wait for pages and uploads.',
    },
    {
      alert: 'ModelopsGatewayUpstreamQueue',
      expr: `min_over_time(modelops_gateway_upstream_requests_waiting{${TARGETS}}[5m]) > 0`,
      for: '1m',
      severity: 'warning',
      summary: 'Requests to {{ $labels.upstream }} wait for a connection in {{ $labels.instance }}.',
      description:
        'All connections to this application (limits.upstreamConnections) have been in use for minutes. Its users wait, and get status 504 if it lasts.',
    },
  ],
}
