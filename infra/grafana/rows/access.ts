import { type Row, rate, rateBy, sumBy, timeseries } from '../panel.ts'

export const access: Row = {
  title: 'Sign-in and access',
  panels: [
    timeseries('Denials by reason', 'Denied requests. Each reason is explained in the reference.', 'reqps', [
      {
        expr: `${sumBy('reason', rate('modelops_gateway_refusals_total'))} > 0`,
        legend: '{{reason}}',
        mayBeEmpty: 'nothing was denied',
      },
    ]),
    timeseries('Sign-ins by result', 'Users who came back from the issuer.', 'ops', [
      rateBy('result', 'modelops_gateway_sign_ins_total', 'nobody signed in since the start'),
    ]),
    timeseries('Sign-ins without a project', 'Users who sign in and are members of no project, by cause.', 'ops', [
      rateBy('cause', 'modelops_gateway_sign_ins_without_project_total', 'every user has a project'),
    ]),
    timeseries('Sign-outs by kind', 'Sign-outs that ended at least one session.', 'ops', [
      rateBy('kind', 'modelops_gateway_logouts_total', 'nobody signed out since the start'),
    ]),
    timeseries('Bearer tokens by result', 'Verifications of tokens that were not in the cache.', 'ops', [
      rateBy('result', 'modelops_gateway_bearer_verifications_total', 'no program sent a token'),
    ]),
    timeseries('Re-authorizations and cuts', 'Requests and WebSockets that last are authorized again.', 'ops', [
      rateBy('result', 'modelops_gateway_reauthorizations_total', 'no request lasted long enough'),
      rateBy('cause', 'modelops_gateway_connections_cut_total', 'no connection was cut', 'cut: {{cause}}'),
    ]),
  ],
}
