import { NONE, ROUTES, type Row, rate, SELECTED, stat, YES } from '../panel.ts'

export const overview: Row = {
  title: 'Overview',
  panels: [
    stat('Replicas', 'Replicas that Prometheus reaches.', 'short', 'sum(up{job=~"$job",instance=~"$instance"})', YES),
    stat(
      'Alerts',
      'Alerts of the gateway that fire now. Each has a runbook.',
      'short',
      'count(ALERTS{alertname=~"ModelopsGateway.*",alertstate="firing",job=~"$job"}) or vector(0)',
      NONE,
    ),
    stat(
      'Issuer',
      'Whether every replica reaches the issuer.',
      'bool_yes_no',
      `min(modelops_gateway_issuer_ready{${SELECTED}})`,
      YES,
    ),
    stat(
      'Session store',
      'Whether every replica can write to the session store.',
      'bool_yes_no',
      `min(modelops_gateway_store_ready{${SELECTED}})`,
      YES,
    ),
    stat(
      'Requests',
      'Requests per second.',
      'reqps',
      `sum(${rate('http_server_request_duration_seconds_count', ROUTES)})`,
    ),
    stat(
      'Errors',
      'Share of requests with a status of 500 or more.',
      'percentunit',
      `(sum(${rate('http_server_request_duration_seconds_count', `${ROUTES},status=~"5.."`)}) or vector(0)) / sum(${rate('http_server_request_duration_seconds_count', ROUTES)})`,
      [{ color: 'green' }, { color: 'yellow', from: 0.01 }, { color: 'red', from: 0.05 }],
    ),
    stat(
      'Sessions',
      'Sessions in the store that have not expired. Replicas share them.',
      'short',
      `max(modelops_gateway_sessions_active{${SELECTED}})`,
    ),
    stat('Projects', 'Projects known.', 'short', `max(modelops_gateway_projects{${SELECTED}})`),
  ],
}
