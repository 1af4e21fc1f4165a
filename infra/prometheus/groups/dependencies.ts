import { DEPLOYMENT, type RuleGroup, TARGETS } from '../rule.ts'

const cacheHits = (more: string) =>
  `sum by (${DEPLOYMENT}) (rate(modelops_gateway_cache_requests_total{${TARGETS},cache="session"${more}}[10m]))`

/** Issuer, session store and the list of projects. */
export const dependencies: RuleGroup = {
  name: 'modelops-gateway-dependencies',
  rules: [
    {
      alert: 'ModelopsGatewayIssuerDown',
      expr: `count by (${DEPLOYMENT}) (modelops_gateway_issuer_ready{${TARGETS}} == 0)`,
      for: '2m',
      severity: 'critical',
      summary: 'The issuer does not respond to {{ $value }} replicas of {{ $labels.job }}.',
      description:
        'Nobody can sign in: users see “The sign-in service does not respond.” Users who are signed in continue to work until session.issuerGraceSeconds has passed.',
    },
    {
      alert: 'ModelopsGatewayStoreDown',
      expr: `count by (${DEPLOYMENT}) (modelops_gateway_store_ready{${TARGETS}} == 0)`,
      for: '1m',
      severity: 'critical',
      summary: 'The session store is not reachable from {{ $value }} replicas of {{ $labels.job }}.',
      description:
        'Nobody can sign in or out (status 503). Known sessions continue for session.staleSeconds (5 minutes by default); then every request gets status 503. Nobody is signed out.',
    },
    {
      alert: 'ModelopsGatewayStoreSlow',
      expr: `histogram_quantile(0.99,
  sum by (${DEPLOYMENT}, store, le) (
    rate(modelops_gateway_store_operation_duration_seconds_bucket{${TARGETS}}[5m])
  )
) > 0.25`,
      for: '10m',
      severity: 'warning',
      summary: 'The session store of {{ $labels.job }} is slow.',
      description:
        'One of a hundred operations takes {{ $value | humanizeDuration }} or longer. Users notice slow pages, and errors at session.storeTimeoutMs.',
    },
    {
      alert: 'ModelopsGatewaySessionCacheMisses',
      expr: `${cacheHits(',result="hit"')}
/
${cacheHits('')}
< 0.5
and on (${DEPLOYMENT})
${cacheHits('')} > 5`,
      for: '15m',
      severity: 'warning',
      summary: 'Only {{ $value | humanizePercentage }} of the session lookups of {{ $labels.job }} hit the cache.',
      description:
        'Most requests wait for the session store. Users notice slower pages, and the load of the store rises.',
    },
    {
      alert: 'ModelopsGatewayProjectsUnavailable',
      expr: `sum by (${DEPLOYMENT}) (increase(modelops_gateway_refusals_total{${TARGETS},reason="projects-down"}[5m])) > 0`,
      for: '1m',
      severity: 'critical',
      summary: '{{ $labels.job }} has no list of projects.',
      description:
        'A replica has never loaded the list of projects. Its users get status 503: “The list of projects is not available.”',
    },
  ],
}
