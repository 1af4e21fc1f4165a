import type { MetricDefinition } from '../definition.ts'

export const OPERATION_METRICS = {
  modelops_gateway_build_info: {
    type: 'gauge',
    help: 'The running gateway; always 1.',
    unit: '1',
    labels: { version: 'of the gateway', node: 'version of Node' },
    aggregator: 'max',
  },
  modelops_gateway_projects: {
    type: 'gauge',
    help: 'Projects known.',
    unit: 'projects',
    labels: {},
    aggregator: 'max',
  },
  modelops_gateway_config_reloads_total: {
    type: 'counter',
    help: 'Reloads of the configuration; after a failure the current one stays.',
    unit: 'reloads',
    labels: { result: '`success` or `failure`' },
  },
  modelops_gateway_config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the current configuration was read.',
    unit: 'seconds since the epoch',
    labels: {},
    aggregator: 'max',
  },
  modelops_gateway_config_last_reload_successful: {
    type: 'gauge',
    help: 'Whether the last reload of the configuration succeeded; 1 before the first one.',
    unit: '1 or 0',
    labels: {},
    aggregator: 'min',
  },
  modelops_gateway_secret_changed_timestamp_seconds: {
    type: 'gauge',
    help: 'When the file of a `${file:}` reference was last written.',
    unit: 'seconds since the epoch',
    labels: { key: 'key of the configuration, such as `issuer.clientSecret`' },
    aggregator: 'max',
    note: 'Of the files of the current configuration, as they were when it was read.',
  },
  modelops_gateway_trace_spans_total: {
    type: 'counter',
    help: 'Spans of traces; zero where tracing is off.',
    unit: 'spans',
    labels: { result: '`exported`, `failed` (the collector did not accept them) or `dropped` (the queue was full)' },
  },
  modelops_gateway_secret_outdated: {
    type: 'gauge',
    help: 'Whether the file of a `${file:}` reference was written after the current configuration was read.',
    unit: '1 or 0',
    labels: { key: 'key of the configuration, such as `issuer.clientSecret`' },
    aggregator: 'max',
    note: '1: the gateway uses an old value until it is reloaded or restarted.',
  },
  modelops_gateway_workers: {
    type: 'gauge',
    help: 'Processes that serve.',
    unit: 'processes',
    labels: {},
    aggregator: 'max',
  },
  modelops_gateway_worker_restarts_total: {
    type: 'counter',
    help: 'Workers that exited and were replaced.',
    unit: 'workers',
    labels: {},
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>
