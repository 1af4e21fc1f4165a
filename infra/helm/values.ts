import { z } from 'zod'
import { networkPolicy } from './network-values.ts'

/**
 * The values of the chart: types, defaults and documentation in one table. `npm run docs` writes `values.schema.json` and
 * `docs/reference/helm-values.md` from it; a test holds `values.yaml` to its defaults.
 */

const port = z.int().min(1).max(65_535)
const atLeast = (min: number) => z.int().min(min).max(86_400)
/** A piece of the Kubernetes API that is passed on as it is. */
const passedOn = z.record(z.string(), z.unknown())
const list = z.array(passedOn)
const labels = z.record(z.string(), z.string())

/** The folder of the secret's files; the references of `config` start here. */
const SECRETS_FOLDER = '/run/secrets/modelops-gateway'

/** What of the gateway's configuration is the same in every cluster. */
export const DEFAULT_CONFIG = {
  server: { listen: '0.0.0.0:4180', adminListen: '0.0.0.0:4181', drainSeconds: 30 },
  issuer: { clientId: 'gateway', clientSecret: `\${file:${SECRETS_FOLDER}/client-secret}` },
  session: { secrets: [`\${file:${SECRETS_FOLDER}/session-secret}`] },
}

const image = z.strictObject({
  repository: z.string().default('').describe('Required: where the image built from the Dockerfile was pushed.'),
  tag: z.string().default('').describe('Default: the chart’s appVersion.'),
  digest: z.string().default('').describe('`sha256:…`; goes before the tag.'),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('As in Kubernetes.'),
})

const secrets = z.strictObject({
  existingSecret: z
    .string()
    .default('')
    .describe(`Secret of your own; each of its keys is a file in \`${SECRETS_FOLDER}\`. Preferred.`),
  data: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe('Instead: the chart makes the Secret, file name to value. The values are then kept in the release.'),
})

const asking = (periodSeconds: number, failureThreshold: number) => ({
  periodSeconds: atLeast(1).default(periodSeconds).describe('Time between two questions.'),
  timeoutSeconds: atLeast(1).default(3).describe('Longest wait for the answer.'),
  failureThreshold: atLeast(1).default(failureThreshold).describe('Failures in a row that count.'),
})

/** Readiness and liveness have no path to choose: `/readyz` would take every pod out at once while the store is away. */
const probes = z.strictObject({
  startup: z
    .strictObject({
      path: z
        .enum(['/readyz', '/healthz'])
        .default('/readyz')
        .describe('What a new pod is asked first. `/healthz` lets pods start while the issuer or the store is away.'),
      ...asking(2, 150),
    })
    .prefault({}),
  readiness: z.strictObject(asking(5, 2)).prefault({}),
  liveness: z.strictObject(asking(10, 3)).prefault({}),
})

const ingress = z.strictObject({
  enabled: z.boolean().default(false).describe('Make an Ingress for the hosts of `config`.'),
  className: z.string().default('').describe('Ingress class.'),
  annotations: labels.default({}).describe('What the controller needs; see the guide for uploads.'),
  tlsSecretName: z
    .string()
    .default('')
    .describe('Secret with the certificate of the hosts. Empty: TLS ends elsewhere.'),
})

const httpRoute = z.strictObject({
  enabled: z.boolean().default(false).describe('Make an HTTPRoute (Gateway API) for the hosts of `config`.'),
  parentRefs: list.default([]).describe('The Gateways it belongs to; required when it is enabled.'),
  annotations: labels.default({}).describe('Annotations of the HTTPRoute.'),
})

const autoscaling = z.strictObject({
  enabled: z.boolean().default(false).describe('Scale by processor time; `replicaCount` is then not used.'),
  minReplicas: z.int().min(2).max(1000).default(2).describe('Least replicas.'),
  maxReplicas: z.int().min(2).max(1000).default(6).describe('Most replicas.'),
  targetCPUUtilizationPercentage: z.int().min(1).max(100).default(70).describe('Of `resources.requests.cpu`.'),
})

export const valuesSchema = z.strictObject({
  nameOverride: z.string().default('').describe('Instead of the chart’s name.'),
  fullnameOverride: z.string().default('').describe('Instead of release and chart name.'),
  replicaCount: z.int().min(1).max(1000).default(2).describe('Pods of the gateway.'),
  image: image.prefault({}),
  imagePullSecrets: list.default([]).describe('As in Kubernetes.'),
  config: passedOn
    .default(DEFAULT_CONFIG)
    .describe('The gateway’s own configuration, key by key. Secrets are references: `${file:…}` or `${env:…}`.'),
  projects: list
    .default([])
    .describe('The list of `config.projects.path` where the source is `file`; changes need no restart.'),
  secrets: secrets.prefault({}),
  env: list.default([]).describe('Variables for `${env:…}` and for Node, e.g. NODE_EXTRA_CA_CERTS; as in Kubernetes.'),
  resources: passedOn
    .default({ requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '1Gi' } })
    .describe('As in Kubernetes. No limit of processor time: throttling costs every request.'),
  probes: probes.prefault({}),
  preStopSeconds: atLeast(0)
    .default(5)
    .describe('Time before SIGTERM in which what is in front learns to go elsewhere.'),
  podAnnotations: labels.default({}).describe('Further annotations of the pods.'),
  podLabels: labels.default({}).describe('Further labels of the pods.'),
  nodeSelector: labels.default({}).describe('As in Kubernetes.'),
  tolerations: list.default([]).describe('As in Kubernetes.'),
  affinity: passedOn.default({}).describe('As in Kubernetes.'),
  topologySpreadConstraints: list.default([]).describe('Default: over nodes and zones, as far as it can be done.'),
  priorityClassName: z.string().default('').describe('As in Kubernetes.'),
  service: z
    .strictObject({
      type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('As in Kubernetes.'),
      port: port.default(80).describe('Port of the Service.'),
      annotations: labels.default({}).describe('Annotations of the Service.'),
    })
    .prefault({}),
  ingress: ingress.prefault({}),
  httpRoute: httpRoute.prefault({}),
  podDisruptionBudget: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Make a PodDisruptionBudget.'),
      maxUnavailable: z.int().min(1).max(1000).default(1).describe('Pods that a drain may take away at a time.'),
    })
    .prefault({}),
  autoscaling: autoscaling.prefault({}),
  networkPolicy: networkPolicy.prefault({}),
  serviceMonitor: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Make a ServiceMonitor (Prometheus operator) for /metrics.'),
      interval: z.string().default('30s').describe('Time between two scrapes.'),
      labels: labels.default({}).describe('Labels that the Prometheus selects by.'),
    })
    .prefault({}),
  global: passedOn.optional().describe('Helm passes it to charts below others; not used.'),
})
