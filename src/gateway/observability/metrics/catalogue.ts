import { AUDIT_METRICS } from './catalogue/audit.ts'
import { HTTP_METRICS, PROJECT_METRICS } from './catalogue/http.ts'
import { OPERATION_METRICS } from './catalogue/operation.ts'
import { PEER_METRICS } from './catalogue/peers.ts'
import { SESSION_METRICS } from './catalogue/sessions.ts'
import type { MetricDefinition } from './definition.ts'

/**
 * Every metric of the gateway's own, by name: the one source of what `/metrics` exposes and of docs/reference/metrics.md.
 * Sections are those of the reference.
 */
export const METRIC_SECTIONS = [
  { title: 'Requests', metrics: HTTP_METRICS },
  { title: 'Requests by project', metrics: PROJECT_METRICS },
  { title: 'Sign-in, sessions and tokens', metrics: SESSION_METRICS },
  { title: 'Issuer, session store and upstreams', metrics: PEER_METRICS },
  { title: 'Audit trail', metrics: AUDIT_METRICS },
  { title: 'Operation', metrics: OPERATION_METRICS },
] as const

export const METRICS = {
  ...HTTP_METRICS,
  ...PROJECT_METRICS,
  ...SESSION_METRICS,
  ...PEER_METRICS,
  ...AUDIT_METRICS,
  ...OPERATION_METRICS,
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof METRICS
/** Names of the metrics of one type. */
export type NameOf<T extends MetricDefinition['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never
}[MetricName]
/** A value for each label of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<Record<keyof (typeof METRICS)[N]['labels'], string>>
