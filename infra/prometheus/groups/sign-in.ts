import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

const REFRESHES = 'job_result:modelops_gateway_session_refreshes:increase10m'
const SIGN_INS = 'job_result:modelops_gateway_sign_ins:increase10m'
const DENIALS = 'job_reason:modelops_gateway_refusals:rate5m'

/** Reasons with an alert of their own, and the usual response to a visitor without a session. */
const OTHER_REASONS = 'login-required|issuer-down|store-down|projects-down|audit-unavailable|draining|upstream-.*'

const sumOf = (series: string, more = '') => `sum by (${DEPLOYMENT}) (${series}{${TARGETS}${more}})`
const WITHOUT_PROJECT = `sum by (${DEPLOYMENT}) (increase(modelops_gateway_sign_ins_without_project_total{${TARGETS}}[10m]))`

/** Whether users can sign in, stay signed in, and reach what they may reach. */
export const signIn: RuleGroup = {
  name: 'modelops-gateway-sign-in',
  rules: [
    {
      alert: 'ModelopsGatewayRefreshFailures',
      expr: `${sumOf(REFRESHES, ',result!="success"')}
/
${sumOf(REFRESHES)}
> 0.25
and on (${DEPLOYMENT})
${sumOf(REFRESHES, ',result!="success"')} >= 5`,
      for: '5m',
      severity: 'warning',
      summary: '{{ $value | humanizePercentage }} of the token refreshes of {{ $labels.job }} fail.',
      description:
        'Rejected: these users are signed out and must sign in again. Unavailable: their sessions continue for session.issuerGraceSeconds.',
    },
    {
      alert: 'ModelopsGatewaySignInsFailing',
      expr: `${sumOf(SIGN_INS, ',result!="success"')}
/
${sumOf(SIGN_INS)}
> 0.5
and on (${DEPLOYMENT})
${sumOf(SIGN_INS, ',result!="success"')} >= 5`,
      for: '5m',
      severity: 'critical',
      summary: '{{ $value | humanizePercentage }} of the sign-ins of {{ $labels.job }} fail.',
      description: 'Users see an error page after they entered their password. Users who are signed in notice nothing.',
    },
    {
      alert: 'ModelopsGatewaySignInsWithoutProject',
      expr: `${WITHOUT_PROJECT}
/
${sumOf(SIGN_INS, ',result="success"')}
> 0.5
and on (${DEPLOYMENT})
${WITHOUT_PROJECT} >= 5`,
      for: '5m',
      severity: 'warning',
      summary: '{{ $value | humanizePercentage }} of the users who sign in at {{ $labels.job }} reach no project.',
      description:
        'Users sign in and see “You are not a member of any project.” Most often the issuer no longer sends their groups.',
    },
    {
      alert: 'ModelopsGatewayDenialSpike',
      // A spike, not a level: three times as much as in the day before, if that is known.
      expr: `(
  ${DENIALS}{${TARGETS},reason!~"${OTHER_REASONS}"}
  / on (${DEPLOYMENT}) group_left ()
  sum by (${DEPLOYMENT}) (job_route:modelops_gateway_requests:rate5m{${TARGETS}})
  > 0.1
)
and
${DENIALS}{${TARGETS}} > 0.5
unless
${DENIALS}{${TARGETS}} < 3 * avg_over_time(${DENIALS}{${TARGETS}}[1d] offset 15m)`,
      for: '5m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} are denied: {{ $labels.reason }}.',
      description:
        'Either a change took access from users who need it, or somebody tries what they may not do. Denied users see the reason {{ $labels.reason }}.',
    },
  ],
}
