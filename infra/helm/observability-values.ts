import * as z from 'zod'
import { RUNBOOKS } from '../prometheus/rule.ts'

const labels = z.record(z.string(), z.string())

/** Values for the Prometheus operator and for Grafana. Off by default: a cluster may not have them. */
export const observabilityValues = {
  serviceMonitor: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Create a ServiceMonitor (Prometheus operator) for /metrics.'),
      interval: z.string().default('30s').describe('Interval between two scrapes.'),
      labels: labels.default({}).describe('Labels by which Prometheus selects it.'),
    })
    .prefault({}),
  prometheusRule: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Create a PrometheusRule (Prometheus operator) with the alerts for this release.'),
      labels: labels.default({}).describe('Labels by which Prometheus selects it.'),
      job: z
        .string()
        .regex(/^[\w.:/-]*$/)
        .default('')
        .describe('Value of the label `job` of the scraped series. Default: the one that the ServiceMonitor causes.'),
      runbookBaseUrl: z
        .string()
        .regex(/^[\w.:/%~-]+$/)
        .default(RUNBOOKS)
        .describe('Where the runbooks are published. `runbook_url` of each alert starts with it.'),
    })
    .prefault({}),
  dashboard: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Create a ConfigMap with the Grafana dashboard.'),
      labels: labels.default({ grafana_dashboard: '1' }).describe('Labels by which the sidecar of Grafana selects it.'),
      annotations: labels.default({}).describe('Annotations, e.g. `grafana_folder`.'),
    })
    .prefault({}),
}
