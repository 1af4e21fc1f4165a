import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

const DAY = 86_400
const remaining = `min by (${DEPLOYMENT}, endpoint) (modelops_gateway_certificate_expiry_timestamp_seconds{${TARGETS}}) - time()`

/** What somebody configured, or forgot to. */
export const configuration: RuleGroup = {
  name: 'modelops-gateway-configuration',
  rules: [
    {
      alert: 'ModelopsGatewayReloadFailed',
      expr: `modelops_gateway_config_last_reload_successful{${TARGETS}} == 0`,
      for: '1m',
      severity: 'warning',
      summary: 'Replica {{ $labels.instance }} of {{ $labels.job }} rejected its new configuration.',
      description:
        'Users notice nothing: the previous configuration stays active. The change that somebody made has no effect, and the next restart fails.',
    },
    {
      alert: 'ModelopsGatewaySecretNotLoaded',
      expr: `modelops_gateway_secret_outdated{${TARGETS}} == 1`,
      for: '15m',
      severity: 'warning',
      summary: 'Replica {{ $labels.instance }} of {{ $labels.job }} uses an old value of {{ $labels.key }}.',
      description:
        'The file of this secret has changed, and the gateway has not read it. Users notice it when the old secret stops working: sign-ins or the session store then fail.',
    },
    {
      alert: 'ModelopsGatewayCertificateExpiry',
      expr: `${remaining} < ${14 * DAY} > ${2 * DAY}`,
      for: '10m',
      severity: 'warning',
      summary: 'The certificate of {{ $labels.endpoint }} expires in {{ $value | humanizeDuration }}.',
      description:
        'Users notice nothing yet. When it has expired, {{ $labels.job }} no longer connects to {{ $labels.endpoint }}.',
    },
    {
      alert: 'ModelopsGatewayCertificateExpiry',
      expr: `${remaining} <= ${2 * DAY}`,
      for: '10m',
      severity: 'critical',
      summary: 'The certificate of {{ $labels.endpoint }} expires in {{ $value | humanizeDuration }}.',
      description:
        'A negative time: it has expired. {{ $labels.job }} does not connect to an endpoint whose certificate has expired. Whatever needs this endpoint then fails.',
    },
    {
      alert: 'ModelopsGatewayUnknownRelease',
      expr: `max by (${DEPLOYMENT}, route, release, catalogue) (modelops_gateway_app_release_known{${TARGETS}} == 0)`,
      for: '10m',
      severity: 'warning',
      summary: 'The gateway does not know release {{ $labels.release }} of the application behind {{ $labels.route }}.',
      description:
        'The rules of release {{ $labels.catalogue }} are used. Users may miss new features of the application; what the gateway does not know is denied.',
    },
  ],
}
