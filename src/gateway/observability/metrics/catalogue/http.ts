import { type MetricDefinition, REQUEST_BUCKETS } from '../definition.ts'

const ROUTE = 'name of a route, path of an endpoint of the gateway, or `none`'

/** Names follow the OpenTelemetry conventions for HTTP servers, as Prometheus spells them. */
export const HTTP_METRICS = {
  http_server_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a request to the end of its response.',
    unit: 'seconds',
    labels: {
      method: 'a method of RFC 9110 or `PATCH`, else `_OTHER`',
      route: ROUTE,
      status:
        'as the client received it; `none` if the connection closed before; a code without a registered meaning as its class (`5xx`)',
    },
    buckets: REQUEST_BUCKETS,
    note: 'A WebSocket is recorded when its handshake ends, with status `101`.',
  },
  http_server_active_requests: {
    type: 'gauge',
    help: 'Requests whose response has not ended. WebSockets are not among them.',
    unit: 'requests',
    labels: {},
  },
  http_server_request_body_bytes_total: {
    type: 'counter',
    help: 'Bytes of request bodies received.',
    unit: 'bytes',
    labels: { route: ROUTE },
    note: 'Without the messages of WebSockets.',
  },
  http_server_response_body_bytes_total: {
    type: 'counter',
    help: 'Bytes of response bodies sent.',
    unit: 'bytes',
    labels: { route: ROUTE },
    note: 'Without the messages of WebSockets.',
  },
  modelops_gateway_upgrades_total: {
    type: 'counter',
    help: 'Connections that became WebSockets.',
    unit: 'connections',
    labels: { route: ROUTE },
  },
  modelops_gateway_upgraded_connections: {
    type: 'gauge',
    help: 'WebSockets that are open.',
    unit: 'connections',
    labels: {},
  },
  modelops_gateway_refusals_total: {
    type: 'counter',
    help: 'Denied requests.',
    unit: 'requests',
    labels: { reason: 'a [reason](reasons.md)' },
  },
  modelops_gateway_reauthorizations_total: {
    type: 'counter',
    help: 'Re-authorizations of requests and WebSockets that last.',
    unit: 'authorizations',
    labels: { result: '`allowed` or `denied`' },
    note: 'One that the store or the issuer could not decide is not counted.',
  },
  modelops_gateway_connections_cut_total: {
    type: 'counter',
    help: 'Requests and WebSockets that were ended because they were no longer authorized, or because the process stops.',
    unit: 'connections',
    labels: { cause: '`session-ended`, `draining`, or the [reason](reasons.md) of the re-authorization' },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

const PROJECT =
  'name or ID of the project that the request was admitted to, as `observability.projectLabel` says; `other` beyond `observability.projectLabelLimit` projects'

/** Without samples while `observability.projectLabel` is `off`. */
export const PROJECT_METRICS = {
  modelops_gateway_project_requests_total: {
    type: 'counter',
    help: 'Requests that were admitted to a project.',
    unit: 'requests',
    labels: { project: PROJECT, route: 'name of a route', status: 'class of the status, such as `2xx`; `none`' },
  },
  modelops_gateway_project_request_body_bytes_total: {
    type: 'counter',
    help: 'Bytes of request bodies received for a project.',
    unit: 'bytes',
    labels: { project: PROJECT },
  },
  modelops_gateway_project_response_body_bytes_total: {
    type: 'counter',
    help: 'Bytes of response bodies sent for a project.',
    unit: 'bytes',
    labels: { project: PROJECT },
  },
  modelops_gateway_project_request_seconds_total: {
    type: 'counter',
    help: 'Time that requests of a project took, added up.',
    unit: 'seconds',
    labels: { project: PROJECT },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>
