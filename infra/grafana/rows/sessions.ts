import { quantile, type Row, rate, rateBy, SELECTED, sumBy, timeseries } from '../panel.ts'

const LOOKUPS = 'modelops_gateway_cache_requests_total'

export const sessions: Row = {
  title: 'Sessions',
  panels: [
    timeseries('Sessions', 'Sessions that have not expired. Replicas share them.', 'short', [
      { expr: `max by (store) (modelops_gateway_sessions_active{${SELECTED}})`, legend: '{{store}}' },
    ]),
    timeseries('Begun and ended', 'Sessions that expire are not counted as ended.', 'ops', [
      {
        expr: `sum(${rate('modelops_gateway_sessions_created_total')})`,
        legend: 'begun',
        mayBeEmpty: 'nobody signed in since the start',
      },
      rateBy('cause', 'modelops_gateway_sessions_ended_total', 'no session was ended', 'ended: {{cause}}'),
    ]),
    timeseries(
      'Refreshes by result',
      'Rejected: the user must sign in again. Unavailable: the issuer did not respond.',
      'ops',
      [rateBy('result', 'modelops_gateway_session_refreshes_total', 'no token expired yet')],
    ),
    timeseries('Duration of refreshes', 'Requests of the session wait for it.', 's', [
      {
        expr: quantile(0.95, '', 'modelops_gateway_session_refresh_duration_seconds'),
        legend: 'p95',
        mayBeEmpty: 'no token expired yet',
      },
    ]),
    timeseries('Cache hits', 'Share of look-ups that needed no store, issuer or signature.', 'percentunit', [
      {
        expr: `${sumBy('cache', rate(LOOKUPS, `${SELECTED},result="hit"`))} / ${sumBy('cache', rate(LOOKUPS))}`,
        legend: '{{cache}}',
        mayBeEmpty: 'nobody sent credentials',
      },
    ]),
  ],
}
