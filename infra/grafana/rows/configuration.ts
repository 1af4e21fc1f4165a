import { type Panel, type Row, SELECTED, timeseries } from '../panel.ts'

const release: Panel = {
  kind: 'table',
  title: 'Releases of the gateway',
  description: 'More than one: a rollout is under way, or it stopped.',
  unit: 'short',
  width: 8,
  queries: [{ expr: `count by (job, version, node) (modelops_gateway_build_info{${SELECTED}})`, legend: '' }],
}

export const configuration: Row = {
  title: 'Configuration',
  panels: [
    timeseries('Last reload', '0: the last reload was rejected, and the previous configuration is active.', 'short', [
      { expr: `modelops_gateway_config_last_reload_successful{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Age of the configuration', 'Since it was read.', 's', [
      {
        expr: `time() - modelops_gateway_config_last_reload_success_timestamp_seconds{${SELECTED}}`,
        legend: '{{instance}}',
      },
    ]),
    release,
    timeseries('Certificates', 'Days until they expire, as upstreams, issuer and Redis present them.', 'd', [
      {
        expr: `(min by (endpoint) (modelops_gateway_certificate_expiry_timestamp_seconds{${SELECTED}}) - time()) / 86400`,
        legend: '{{endpoint}}',
        mayBeEmpty: 'no endpoint has TLS',
      },
    ]),
    timeseries('Age of secrets', 'Since the file of a secret was written.', 's', [
      {
        expr: `time() - max by (key) (modelops_gateway_secret_changed_timestamp_seconds{${SELECTED}})`,
        legend: '{{key}}',
        mayBeEmpty: 'no secret is in a file',
      },
    ]),
  ],
}
