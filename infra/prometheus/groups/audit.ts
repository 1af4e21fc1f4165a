import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

const lost = (window: string) => `modelops_gateway_audit_events_total{${TARGETS},result="lost"}${window}`

/** The audit trail. */
export const audit: RuleGroup = {
  name: 'modelops-gateway-audit',
  rules: [
    {
      alert: 'ModelopsGatewayAuditSinkFailing',
      expr: `count by (${DEPLOYMENT}, sink) (modelops_gateway_audit_sink_ready{${TARGETS}} == 0)`,
      for: '2m',
      severity: 'critical',
      summary: 'The audit sink {{ $labels.sink }} fails in {{ $value }} replicas of {{ $labels.job }}.',
      description:
        'Audit events wait in memory. When the queue is full, writing requests get status 503 (audit.onFailure: deny-writes), or events are lost (continue).',
    },
    {
      alert: 'ModelopsGatewayAuditEventsLost',
      // A process that lost events before its first scrape has no earlier value.
      expr: `sum by (${DEPLOYMENT}, sink) (
  (${lost('')} unless ${lost(' offset 15m')})
  or
  increase(${lost('[15m]')})
) > 0`,
      severity: 'critical',
      summary: 'The audit sink {{ $labels.sink }} of {{ $labels.job }} lost {{ printf "%.0f" $value }} events.',
      description: 'Users notice nothing. The audit trail has a gap that cannot be filled later.',
    },
  ],
}
