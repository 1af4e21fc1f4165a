import * as z from 'zod'
import { networkPolicy } from './network-values.ts'
import { observabilityValues } from './observability-values.ts'

/**
 * The values of the chart: types, defaults and documentation in one table. `npm run docs` writes `values.schema.json` and
 * `docs/reference/helm-values.md` from it; a test holds `values.yaml` to its defaults.
 */

const port = z.int().min(1).max(65_535)
const atLeast = (min: number) => z.int().min(min).max(86_400)
/** An object of the Kubernetes API, used unchanged. */
const passedOn = z.record(z.string(), z.unknown())
const list = z.array(passedOn)
const labels = z.record(z.string(), z.string())

/** Folder of the secret's files. References in `config` start with it. */
const SECRETS_FOLDER = '/run/secrets/modelops-gateway'

/** The part of the gateway's configuration that is the same in every cluster. */
export const DEFAULT_CONFIG = {
  server: { listen: '0.0.0.0:4180', adminListen: '0.0.0.0:4181', drainSeconds: 30 },
  issuer: { clientId: 'gateway', clientSecret: `\${file:${SECRETS_FOLDER}/client-secret}` },
  session: { secrets: [`\${file:${SECRETS_FOLDER}/session-secret}`] },
}

const image = z.strictObject({
  repository: z.string().default('').describe('Required. Repository to which you pushed the image.'),
  tag: z.string().default('').describe('Tag of the image. Default: the chart’s appVersion.'),
  digest: z.string().default('').describe('`sha256:…`. Takes precedence over the tag.'),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('As in Kubernetes.'),
})

const secrets = z.strictObject({
  existingSecret: z
    .string()
    .default('')
    .describe(`Name of an existing Secret. Each of its keys becomes a file in \`${SECRETS_FOLDER}\`. Preferred.`),
  data: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      'Alternative: the chart creates the Secret from file names and values. The release then stores the values.',
    ),
})

/** For `issuer.clientAuthentication: jwt_file`. */
const issuerToken = z.strictObject({
  audience: z
    .string()
    .default('')
    .describe(
      'Audience of a token of the pod’s service account: the issuer, as in config.issuer.url. It is mounted at `/run/secrets/issuer-token/token`, for config.issuer.clientAssertion. Empty: there is none.',
    ),
  expirationSeconds: atLeast(600)
    .default(3600)
    .describe('Lifetime of the token. Kubernetes renews the file after four fifths of it.'),
})

const probe = (periodSeconds: number, failureThreshold: number) => ({
  periodSeconds: atLeast(1).default(periodSeconds).describe('Interval between two probes.'),
  timeoutSeconds: atLeast(1).default(3).describe('Longest wait for the response.'),
  failureThreshold: atLeast(1).default(failureThreshold).describe('Consecutive failures after which the probe fails.'),
})

/** The path of readiness and liveness is fixed: `/readyz` would remove all pods at once while the store is down. */
const probes = z.strictObject({
  startup: z
    .strictObject({
      path: z
        .enum(['/readyz', '/healthz'])
        .default('/readyz')
        .describe('Path for a new pod. `/healthz` lets pods start while the issuer or the store is down.'),
      ...probe(2, 150),
    })
    .prefault({}),
  readiness: z.strictObject(probe(5, 2)).prefault({}),
  liveness: z.strictObject(probe(10, 3)).prefault({}),
})

const ingress = z.strictObject({
  enabled: z.boolean().default(false).describe('Create an Ingress for the hosts of `config`.'),
  className: z.string().default('').describe('Ingress class.'),
  annotations: labels.default({}).describe('Annotations for the controller. The guide shows those for uploads.'),
  tlsSecretName: z
    .string()
    .default('')
    .describe('Secret with the certificate of the hosts. Empty: TLS is terminated elsewhere.'),
})

const httpRoute = z.strictObject({
  enabled: z.boolean().default(false).describe('Create an HTTPRoute (Gateway API) for the hosts of `config`.'),
  parentRefs: list.default([]).describe('The Gateways it belongs to. Required if it is enabled.'),
  annotations: labels.default({}).describe('Annotations of the HTTPRoute.'),
})

const autoscaling = z.strictObject({
  enabled: z.boolean().default(false).describe('Scale by processor time. `replicaCount` is then not used.'),
  minReplicas: z.int().min(2).max(1000).default(2).describe('Fewest replicas.'),
  maxReplicas: z.int().min(2).max(1000).default(6).describe('Most replicas.'),
  targetCPUUtilizationPercentage: z
    .int()
    .min(1)
    .max(100)
    .default(70)
    .describe('Target utilization, in percent of `resources.requests.cpu`.'),
})

export const valuesSchema = z.strictObject({
  nameOverride: z.string().default('').describe('Replaces the name of the chart.'),
  fullnameOverride: z.string().default('').describe('Replaces the name of release and chart.'),
  replicaCount: z.int().min(1).max(1000).default(2).describe('Number of pods.'),
  image: image.prefault({}),
  imagePullSecrets: list.default([]).describe('As in Kubernetes.'),
  config: passedOn
    .default(DEFAULT_CONFIG)
    .describe('The gateway’s own configuration, key by key. Secrets must be references: `${file:…}` or `${env:…}`.'),
  projects: list.default([]).describe('The list of projects if the source is `file`. Changes need no restart.'),
  secrets: secrets.prefault({}),
  issuerToken: issuerToken.prefault({}),
  env: list
    .default([])
    .describe('Environment variables for `${env:…}` and for Node, e.g. NODE_EXTRA_CA_CERTS. As in Kubernetes.'),
  resources: passedOn
    .default({ requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '1Gi' } })
    .describe('As in Kubernetes. There is no limit of processor time, because throttling slows every request.'),
  probes: probes.prefault({}),
  preStopSeconds: atLeast(0).default(5).describe('Seconds before SIGTERM in which the Service stops sending requests.'),
  podAnnotations: labels.default({}).describe('Additional annotations of the pods.'),
  podLabels: labels.default({}).describe('Additional labels of the pods.'),
  nodeSelector: labels.default({}).describe('As in Kubernetes.'),
  tolerations: list.default([]).describe('As in Kubernetes.'),
  affinity: passedOn.default({}).describe('As in Kubernetes.'),
  topologySpreadConstraints: list
    .default([])
    .describe('As in Kubernetes. Default: spread over nodes and zones where possible.'),
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
      enabled: z.boolean().default(true).describe('Create a PodDisruptionBudget.'),
      maxUnavailable: z
        .int()
        .min(1)
        .max(1000)
        .default(1)
        .describe('Pods that may be unavailable at the same time during a drain.'),
    })
    .prefault({}),
  autoscaling: autoscaling.prefault({}),
  networkPolicy: networkPolicy.prefault({}),
  ...observabilityValues,
  global: passedOn.optional().describe('Helm passes it to subcharts. Not used.'),
})
