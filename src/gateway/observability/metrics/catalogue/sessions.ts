import { CALL_BUCKETS, type MetricDefinition } from '../definition.ts'

const STORE = '`memory`, `sqlite` or `redis`'

export const SESSION_METRICS = {
  modelops_gateway_sign_ins_total: {
    type: 'counter',
    help: 'Sign-ins that came back from the issuer.',
    unit: 'sign-ins',
    labels: { result: '`success`, or the [reason](reasons.md) of the denial' },
  },
  modelops_gateway_sign_ins_without_project_total: {
    type: 'counter',
    help: 'Sign-ins of users who reach no project.',
    unit: 'sign-ins',
    labels: { cause: '`no-groups-claim`, `groups-overage` or `no-matching-group`' },
  },
  modelops_gateway_logouts_total: {
    type: 'counter',
    help: 'Sign-outs that ended at least one session.',
    unit: 'sign-outs',
    labels: { kind: '`user`, `everywhere`, `back-channel`, `front-channel` or `admin`' },
    note: 'An administrator who ends all sessions is counted once for each.',
  },
  modelops_gateway_sessions_created_total: {
    type: 'counter',
    help: 'Sessions that began.',
    unit: 'sessions',
    labels: { store: STORE },
  },
  modelops_gateway_sessions_ended_total: {
    type: 'counter',
    help: 'Sessions that were ended. A session that expires is not counted.',
    unit: 'sessions',
    labels: {
      store: STORE,
      cause:
        '`user`, `everywhere`, `back-channel`, `front-channel`, `admin`, `sign-in` (replaced by the next one of the browser) or `grant` (the issuer ended it at a refresh)',
    },
  },
  modelops_gateway_sessions_active: {
    type: 'gauge',
    help: 'Sessions in the store that have not expired.',
    unit: 'sessions',
    labels: { store: STORE },
    aggregator: 'max',
    note: 'Read at most once in 15 s, when Prometheus asks. Absent while the store does not respond. Replicas that share a store report the same number: use `max`.',
  },
  modelops_gateway_session_refreshes_total: {
    type: 'counter',
    help: 'Refreshes of tokens at the issuer.',
    unit: 'refreshes',
    labels: { result: '`success`, `rejected` (the grant has ended) or `unavailable`' },
  },
  modelops_gateway_session_refresh_duration_seconds: {
    type: 'histogram',
    help: 'Time that a refresh of tokens took.',
    unit: 'seconds',
    labels: {},
    buckets: CALL_BUCKETS,
  },
  modelops_gateway_bearer_verifications_total: {
    type: 'counter',
    help: 'Verifications of bearer tokens that were not remembered.',
    unit: 'verifications',
    labels: { result: '`success`, or the [reason](reasons.md) of the denial' },
  },
  modelops_gateway_cache_requests_total: {
    type: 'counter',
    help: 'Look-ups of credentials in memory.',
    unit: 'look-ups',
    labels: { cache: '`session`, `bearer` (JWTs and introspected tokens) or `basic`', result: '`hit` or `miss`' },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>
