import { A, B, type Case, JOB } from './case.ts'

const results = (name: string, rows: Record<string, string>, of = A) =>
  Object.fromEntries(Object.entries(rows).map(([result, values]) => [`${name}{${of},result="${result}"}`, values]))

const refreshes = (rows: Record<string, string>) => results('modelops_gateway_session_refreshes_total', rows)
const signIns = (rows: Record<string, string>) => results('modelops_gateway_sign_ins_total', rows)

const denials = (reason: string, values: string, requests = '0+600x40') => ({
  [`modelops_gateway_refusals_total{${A},reason="${reason}"}`]: values,
  [`http_server_request_duration_seconds_count{${A},method="GET",route="mlflow",status="200"}`]: requests,
  [`http_server_request_duration_seconds_count{${B},method="GET",route="mlflow",status="403"}`]: requests,
})

const SPIKE = 'ModelopsGatewayDenialSpike'

export const signIn: readonly Case[] = [
  {
    alert: 'ModelopsGatewayRefreshFailures',
    when: 'when half of the refreshes are rejected',
    series: refreshes({ success: '0+10x30', rejected: '0+10x30' }),
    at: 20,
    fires: { labels: { job: JOB }, value: '50%' },
  },
  {
    alert: 'ModelopsGatewayRefreshFailures',
    when: 'when the issuer is not available for any',
    series: refreshes({ success: '10x30', unavailable: '0+10x30' }),
    at: 20,
    fires: { labels: { job: JOB }, value: '100%' },
  },
  {
    alert: 'ModelopsGatewayRefreshFailures',
    when: 'when few are rejected, as of users who were removed',
    series: refreshes({ success: '0+10x30', rejected: '0+1x30' }),
    at: 20,
  },
  {
    alert: 'ModelopsGatewayRefreshFailures',
    when: 'when the only session of the night is rejected',
    series: refreshes({ success: '0x30', rejected: '0x10 1x20' }),
    at: 20,
  },
  {
    alert: 'ModelopsGatewaySignInsFailing',
    when: 'when all sign-ins fail',
    series: signIns({ success: '50x30', 'login-failed': '0+2x30' }),
    at: 20,
    fires: { labels: { job: JOB }, value: '100%' },
  },
  {
    alert: 'ModelopsGatewaySignInsFailing',
    when: 'when some links have expired',
    series: signIns({ success: '0+5x30', 'login-expired': '0+1x30' }),
    at: 20,
  },
  { alert: 'ModelopsGatewaySignInsFailing', when: 'without any sign-in', series: signIns({ success: '5x30' }), at: 20 },
  {
    alert: 'ModelopsGatewaySignInsWithoutProject',
    when: 'when the issuer no longer sends groups',
    series: {
      ...signIns({ success: '0+2x30' }),
      [`modelops_gateway_sign_ins_without_project_total{${A},cause="no-groups-claim"}`]: '0+2x30',
    },
    at: 20,
    fires: { labels: { job: JOB }, value: '100%' },
  },
  {
    alert: 'ModelopsGatewaySignInsWithoutProject',
    when: 'when a few users have no project yet',
    series: {
      ...signIns({ success: '0+10x30' }),
      [`modelops_gateway_sign_ins_without_project_total{${A},cause="no-matching-group"}`]: '0+1x30',
    },
    at: 20,
  },
  {
    alert: SPIKE,
    when: 'when a quarter of the requests is suddenly denied',
    series: denials('not-in-project', '0x20 0+300x20'),
    at: 35,
    fires: { labels: { job: JOB, reason: 'not-in-project' }, value: '25%' },
  },
  {
    alert: SPIKE,
    when: 'in the first hour of a new deployment, which has no day before',
    series: denials('viewer-read-only', '0+300x12'),
    at: 12,
    fires: { labels: { job: JOB, reason: 'viewer-read-only' }, value: '25%' },
  },
  { alert: SPIKE, when: 'when it is always so', series: denials('app-denied', '0+300x40'), at: 38 },
  { alert: SPIKE, when: 'for visitors without a session', series: denials('login-required', '0x20 0+300x20'), at: 35 },
  { alert: SPIKE, when: 'for few denials', series: denials('admin-only', '0x20 0+6x20', '0+10x40'), at: 35 },
]
