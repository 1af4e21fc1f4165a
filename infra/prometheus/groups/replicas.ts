import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

/** Whether the processes run. */
export const replicas: RuleGroup = {
  name: 'modelops-gateway-replicas',
  rules: [
    {
      alert: 'ModelopsGatewayNoReplica',
      expr: `sum by (${DEPLOYMENT}) (up{${TARGETS}}) == 0`,
      for: '1m',
      severity: 'critical',
      summary: 'No replica of the gateway {{ $labels.job }} can be scraped.',
      description:
        'Users get an error of the proxy in front for every application. If they do not, only the monitoring cannot reach the gateway.',
    },
    {
      alert: 'ModelopsGatewayNoTarget',
      expr: `absent(up{${TARGETS}})`,
      // Longer than Prometheus needs for its first scrape after a restart.
      for: '5m',
      severity: 'critical',
      summary: 'Prometheus has no target of the gateway.',
      description:
        'Either no replica exists, and users get an error of the proxy in front, or service discovery no longer finds them.',
    },
    {
      alert: 'ModelopsGatewayReplicaDown',
      expr: `up{${TARGETS}} == 0
and on (${DEPLOYMENT})
sum by (${DEPLOYMENT}) (up{${TARGETS}}) > 0`,
      for: '3m',
      severity: 'warning',
      summary: 'Replica {{ $labels.instance }} of {{ $labels.job }} cannot be scraped.',
      description: 'Users notice nothing while the other replicas respond. There is less spare capacity.',
    },
    {
      alert: 'ModelopsGatewayRestartLoop',
      expr: `changes(process_start_time_seconds{${TARGETS}}[15m]) >= 3
or
increase(modelops_gateway_worker_restarts_total{${TARGETS}}[15m]) >= 3`,
      severity: 'critical',
      summary: 'Replica {{ $labels.instance }} of {{ $labels.job }} restarts again and again.',
      description:
        'Each exit breaks the requests in flight: users see status 502, uploads and WebSockets break off. Sessions are kept.',
    },
    {
      alert: 'ModelopsGatewayOverloaded',
      expr: `nodejs_eventloop_lag_p99_seconds{${TARGETS}} > 0.25`,
      for: '5m',
      severity: 'warning',
      summary: 'Replica {{ $labels.instance }} of {{ $labels.job }} is overloaded.',
      description:
        'Every request of this replica waits up to {{ $value | humanizeDuration }} before anything happens. All applications are slow.',
    },
  ],
}
