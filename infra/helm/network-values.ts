import { z } from 'zod'

/**
 * Peers of NetworkPolicies. An empty list, peer or selector means "everybody" to Kubernetes, so none of them is taken
 * where it would open something: what is left out is refused by the templates, what is empty by these types.
 */
const selector = z
  .strictObject({
    matchLabels: z.record(z.string(), z.string()).meta({ minProperties: 1 }).optional(),
    matchExpressions: z.array(z.record(z.string(), z.unknown())).min(1).optional(),
  })
  .describe('As in Kubernetes.')
const closedSelector = selector.meta({ minProperties: 1 })

const pods = z.strictObject({
  podSelector: closedSelector,
  namespaceSelector: selector.optional(),
})

const peer = z
  .strictObject({
    podSelector: selector.optional(),
    namespaceSelector: selector.optional(),
    ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).optional() }).optional(),
  })
  .meta({ minProperties: 1 })

const ports = z.array(z.int().min(1).max(65_535)).min(1)

const upstream = z.strictObject({
  namespace: z.string().min(1).optional().describe('Namespace of the application. Default: the release’s.'),
  podSelector: closedSelector.optional().describe('Its pods: they are closed to everybody but the gateway.'),
  ipBlocks: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Instead, for an application outside the cluster: its addresses (CIDR). Closing it is your part.'),
  ports: ports.describe('Ports of the pods.'),
  alsoFrom: z
    .array(pods)
    .default([])
    .describe('Pods beside the gateway that may reach it, such as Airflow’s workers; never addresses.'),
})

const reached = (port: number, who: string) =>
  z.strictObject({
    to: z.array(peer).default([]).describe(`${who} Required.`),
    ports: ports.default([port]).describe('Its ports.'),
  })

const DNS = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  },
]

/** Who reaches whom. Enforced by the cluster's network plugin, or by nobody. */
export const networkPolicy = z.strictObject({
  enabled: z.boolean().default(true).describe('Make the NetworkPolicies.'),
  clients: z.array(peer).default([]).describe('Who reaches the public port: e.g. the ingress controller. Required.'),
  monitoring: z.array(peer).default([]).describe('Who reaches the admin port. Empty: nobody.'),
  dns: z.array(peer).min(1).default(DNS).describe('Where names are resolved.'),
  redis: reached(6379, 'Where the session store is.').prefault({}),
  issuer: reached(443, 'Where the issuer is.').prefault({}),
  upstreams: z
    .record(z.string(), upstream)
    .default({})
    .describe('By name of the route in `config.routes`; each needs one.'),
  extraEgress: z
    .array(z.record(z.string(), z.unknown()).meta({ minProperties: 1 }))
    .default([])
    .describe('Further egress rules, e.g. to further issuers; as in Kubernetes.'),
})
