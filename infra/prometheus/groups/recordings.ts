import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

const sumOf = (labels: string, rate: string) => `sum by (${DEPLOYMENT}${labels}) (${rate})`
const requests = (more = '') => `rate(http_server_request_duration_seconds_count{${TARGETS}${more}}[5m])`

/** Errors that the client caused, not the application. */
const NOT_ITS_FAULT = 'client-stalled|sink'

/** The series that several alerts and the dashboard read. Replicas of one deployment are added up. */
export const recordings: RuleGroup = {
  name: 'modelops-gateway-recordings',
  rules: [
    {
      record: 'job_route:modelops_gateway_requests:rate5m',
      expr: sumOf(', route', requests()),
    },
    {
      record: 'job_route:modelops_gateway_server_errors:rate5m',
      expr: sumOf(', route', requests(',status=~"5.."')),
    },
    {
      record: 'job_route:modelops_gateway_request_duration_seconds:p95_5m',
      // Upgraded connections last as long as their page is open.
      expr: `histogram_quantile(0.95,
  sum by (${DEPLOYMENT}, route, le) (
    rate(http_server_request_duration_seconds_bucket{${TARGETS},status!="101"}[5m])
  )
)`,
    },
    {
      record: 'job_reason:modelops_gateway_refusals:rate5m',
      expr: sumOf(', reason', `rate(modelops_gateway_refusals_total{${TARGETS}}[5m])`),
    },
    {
      record: 'job_upstream:modelops_gateway_upstream_errors:rate5m',
      expr: sumOf(
        ', upstream',
        `rate(modelops_gateway_upstream_errors_total{${TARGETS},reason!~"${NOT_ITS_FAULT}"}[5m])`,
      ),
    },
    {
      record: 'job_upstream:modelops_gateway_upstream_responses:rate5m',
      expr: sumOf(', upstream', `rate(modelops_gateway_upstream_first_byte_duration_seconds_count{${TARGETS}}[5m])`),
    },
    {
      record: 'job_result:modelops_gateway_session_refreshes:increase10m',
      expr: sumOf(', result', `increase(modelops_gateway_session_refreshes_total{${TARGETS}}[10m])`),
    },
    {
      record: 'job_result:modelops_gateway_sign_ins:increase10m',
      expr: sumOf(', result', `increase(modelops_gateway_sign_ins_total{${TARGETS}}[10m])`),
    },
  ],
}
