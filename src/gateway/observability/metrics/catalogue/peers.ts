import { CALL_BUCKETS, type MetricDefinition } from '../definition.ts'

const OPERATION =
  '`discovery`, `keys`, `token`, `refresh`, `client-credentials`, `introspection`, `userinfo`, `revocation` or `other`'
const STORE = '`memory`, `sqlite` or `redis`'
const STORE_OPERATION = 'a method of the store, such as `get`, `create` or `touch`'
const UPSTREAM = 'origin from the configuration'

export const PEER_METRICS = {
  modelops_gateway_issuer_ready: {
    type: 'gauge',
    help: 'Whether the issuer responds.',
    unit: '1 or 0',
    labels: {},
    aggregator: 'min',
  },
  modelops_gateway_issuer_request_duration_seconds: {
    type: 'histogram',
    help: 'Time until the head of a response of an issuer.',
    unit: 'seconds',
    labels: { operation: OPERATION },
    buckets: CALL_BUCKETS,
  },
  modelops_gateway_issuer_request_errors_total: {
    type: 'counter',
    help: 'Requests to an issuer without a response, or with an error.',
    unit: 'requests',
    labels: { operation: OPERATION, error: '`timeout`, `connection`, `3xx`, `4xx` or `5xx`' },
    note: 'A refused grant or wrong credentials are `4xx`.',
  },
  modelops_gateway_store_ready: {
    type: 'gauge',
    help: 'Whether the session store accepts writes.',
    unit: '1 or 0',
    labels: {},
    aggregator: 'min',
    note: 'Checked at most once in 15 s, when Prometheus asks.',
  },
  modelops_gateway_store_operation_duration_seconds: {
    type: 'histogram',
    help: 'Time that an operation of the session store took.',
    unit: 'seconds',
    labels: { store: STORE, operation: STORE_OPERATION },
    buckets: CALL_BUCKETS,
  },
  modelops_gateway_store_errors_total: {
    type: 'counter',
    help: 'Operations of the session store that failed.',
    unit: 'operations',
    labels: { store: STORE, operation: STORE_OPERATION },
  },
  modelops_gateway_upstream_connect_duration_seconds: {
    type: 'histogram',
    help: 'Time to open a connection to an upstream, with TLS where it is https.',
    unit: 'seconds',
    labels: { upstream: UPSTREAM },
    buckets: CALL_BUCKETS,
  },
  modelops_gateway_upstream_first_byte_duration_seconds: {
    type: 'histogram',
    help: 'Time from the request to the head of its response.',
    unit: 'seconds',
    labels: { upstream: UPSTREAM },
    buckets: [...CALL_BUCKETS, 60],
  },
  modelops_gateway_upstream_errors_total: {
    type: 'counter',
    help: 'Requests to an upstream that failed.',
    unit: 'requests',
    labels: {
      upstream: UPSTREAM,
      reason:
        '`unreachable`, `busy`, `timeout`, `invalid`, `client-stalled` or `sink` (the response could not be passed on)',
    },
  },
  modelops_gateway_upstream_connections: {
    type: 'gauge',
    help: 'Connections to an upstream.',
    unit: 'connections',
    labels: { upstream: UPSTREAM, state: '`active` or `idle`' },
  },
  modelops_gateway_upstream_requests_waiting: {
    type: 'gauge',
    help: 'Requests that wait for a connection to an upstream.',
    unit: 'requests',
    labels: { upstream: UPSTREAM },
  },
  modelops_gateway_app_release_known: {
    type: 'gauge',
    help: 'Whether the gateway knows the release of the application; 0: the rules of the nearest one are used.',
    unit: '1 or 0',
    labels: { route: 'name of a route', release: 'as the application reports it', catalogue: 'release of the rules' },
    aggregator: 'min',
    note: 'One series for each route.',
  },
  modelops_gateway_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When the certificate of a TLS server that the gateway connects to expires.',
    unit: 'seconds since the epoch',
    labels: {
      endpoint: 'origin of the configuration with https, or `rediss://host:port` or `tls://host:port` (syslog)',
    },
    aggregator: 'min',
    note: 'Read when the gateway starts, after a reload and once an hour. Absent until it has been read once.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>
