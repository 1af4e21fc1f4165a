import { foldName } from '../../http/fold-name.ts'

/** Request headers that only the gateway may write. A client's copy is dropped in every spelling. */

/** Written by the gateway itself. */
const WRITTEN = [
  'aoa-project-id',
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-request-id',
  'x-gateway-assertion',
]

/** The same fact under an alias: read as the named project, never passed on. */
const ALIASES = ['vmo-project-id', 'x-mlflow-workspace']

/** Identity headers of other products: an upstream configured for one of them would believe a client. */
const FOREIGN = [
  'x-user',
  'x-user-id',
  'x-user-name',
  'x-userid',
  'x-username',
  'x-email',
  'x-groups',
  'x-roles',
  'x-auth-user',
  'x-auth-username',
  'x-auth-email',
  'x-auth-groups',
  'x-client-cert',
  'x-token-subject',
  'x-mlflow-authorization',
]

/** The same by family: such products add members to theirs. */
const FOREIGN_FAMILIES = [
  'remote-',
  'x-remote-',
  'x-auth-request-',
  'x-webauth-',
  'x-authenticated-',
  'x-authentik-',
  'x-pomerium-',
  'x-vouch-',
  'x-goog-iap-',
  'x-goog-authenticated-user-',
  'x-amzn-oidc-',
  'x-ms-client-principal',
  'x-ms-token-',
  'cf-access-',
  'tailscale-user-',
  'oidc-',
  'ssl-client-',
  'x-ssl-client-',
]

/** Proofs of possession (RFC 9449, RFC 9440): the gateway or the proxy in front verifies them; an upstream cannot. */
const PROOFS = ['dpop', 'client-cert', 'client-cert-chain']

/** Read by the gateway and passed on: another spelling could be read instead by an upstream that folds names. */
const CHECKED_FAMILIES = ['content-', 'sec-', 'origin']

/** Where the request came from: rewritten from what the gateway knows. The whole family, so that no member survives. */
const ORIGIN_FAMILY = [
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-original-url',
  'x-original-uri',
  'x-original-method',
  'x-original-host',
  'x-rewrite-url',
  'x-forwarded',
  'x-scheme',
  'x-host',
  'x-url-scheme',
  'front-end-https',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'via-proxy',
]

/** A CGI application reads it as `HTTP_PROXY`, the proxy of its own requests (httpoxy, CVE-2016-5385). */
const PROXY_VARIABLES = ['proxy', 'http-proxy', 'https-proxy']

/** Connection management is between two hops (RFC 9110 §7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]

/** The trace context, which the gateway writes while tracing is on (W3C Trace Context §3). */
const TRACE_CONTEXT: ReadonlySet<string> = new Set(['traceparent', 'tracestate'])

/**
 * What else travels with a trace, and contexts in other formats, which an upstream might prefer to ours: believed only
 * from a trusted proxy while tracing is on.
 */
const TRACE_COMPANIONS: ReadonlySet<string> = new Set(['baggage', 'b3', 'uber-trace-id', 'x-cloud-trace-context'])
const TRACE_COMPANION_FAMILIES = ['x-b3-', 'uberctx-', 'ot-tracer-', 'ot-baggage-', 'x-datadog-', 'x-amzn-trace-id']

const DROPPED: ReadonlySet<string> = new Set([
  ...WRITTEN,
  ...ALIASES,
  ...FOREIGN,
  ...PROOFS,
  ...ORIGIN_FAMILY,
  ...PROXY_VARIABLES,
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'expect',
  'cookie',
  'authorization',
])

const DROPPED_FAMILIES = ['x-forwarded-', 'x-gateway-', 'aoa-', ...FOREIGN_FAMILIES]

/** What users and applications rely on, for the list of the public surface. `*` ends a family. */
export const HEADER_CONTRACT: Readonly<Record<string, readonly string[]>> = {
  written: WRITTEN,
  'read as the project': ALIASES,
  removed: [
    ...FOREIGN,
    ...PROOFS,
    ...ORIGIN_FAMILY,
    ...PROXY_VARIABLES,
    ...DROPPED_FAMILIES.map((family) => `${family}*`),
  ],
}

const isIn = (families: readonly string[], folded: string) => families.some((family) => folded.startsWith(family))

function isDropped(name: string): boolean {
  const folded = foldName(name)
  if (DROPPED.has(folded) || isIn(DROPPED_FAMILIES, folded)) return true
  return folded !== name.toLowerCase() && isIn(CHECKED_FAMILIES, folded)
}

/**
 * Who may write a header: `gateway` alone; while tracing is on also `trace`, which is the gateway, and `proxy`, which is a
 * trusted proxy; else the `client`.
 */
export type HeaderOwner = 'gateway' | 'trace' | 'proxy' | 'client'

function findOwner(name: string): HeaderOwner {
  if (isDropped(name)) return 'gateway'
  const folded = foldName(name)
  if (TRACE_CONTEXT.has(folded)) return 'trace'
  return TRACE_COMPANIONS.has(folded) || isIn(TRACE_COMPANION_FAMILIES, folded) ? 'proxy' : 'client'
}

/** Result per spelling seen. Bounded: names are the client's choice. */
const known = new Map<string, HeaderOwner>()
const KNOWN_MAX = 2000

/** The owner of a header of this name, in any case and punctuation. */
export function ownerOf(name: string): HeaderOwner {
  const owner = known.get(name)
  if (owner !== undefined) return owner
  const found = findOwner(name)
  if (known.size < KNOWN_MAX) known.set(name, found)
  return found
}

/** True when a client's header of this name (any case) must not reach an upstream as it came. */
export const isOwned = (name: string): boolean => ownerOf(name) === 'gateway'
