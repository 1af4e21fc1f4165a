import * as z from 'zod'

/**
 * Peers of NetworkPolicies. An empty list, peer or selector means "everybody" to Kubernetes. Where that would open
 * something, these types reject empty values, and the templates reject missing ones.
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
  namespace: z.string().min(1).optional().describe('Namespace of the application. Default: that of the release.'),
  podSelector: closedSelector.optional().describe('Pods of the application. A policy admits only the gateway to them.'),
  ipBlocks: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Instead of podSelector, for an application outside the cluster: its addresses (CIDR). You must close it yourself.',
    ),
  ports: ports.describe('Ports of the pods.'),
  alsoFrom: z
    .array(pods)
    .default([])
    .describe('Further pods that may connect to it, such as Airflow’s workers. Addresses are not possible.'),
})

const reached = (port: number, who: string) =>
  z.strictObject({
    to: z.array(peer).default([]).describe(`${who} Required.`),
    ports: ports.default([port]).describe('Ports.'),
  })

const DNS = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  },
]

/** Which connections are permitted. The cluster's network plugin must enforce this. */
export const networkPolicy = z.strictObject({
  enabled: z.boolean().default(true).describe('Create the NetworkPolicies.'),
  clients: z
    .array(peer)
    .default([])
    .describe('Who may connect to the public port, e.g. the ingress controller. Required.'),
  monitoring: z.array(peer).default([]).describe('Who may connect to the admin port. Empty: nobody.'),
  dns: z.array(peer).min(1).default(DNS).describe('DNS of the cluster.'),
  redis: reached(6379, 'Address of the session store.').prefault({}),
  issuer: reached(443, 'Address of the issuer.').prefault({}),
  upstreams: z
    .record(z.string(), upstream)
    .default({})
    .describe('The applications, by the name of their route in `config.routes`. Every route needs one.'),
  extraEgress: z
    .array(z.record(z.string(), z.unknown()).meta({ minProperties: 1 }))
    .default([])
    .describe('Further egress rules, e.g. for additional issuers. As in Kubernetes.'),
})
