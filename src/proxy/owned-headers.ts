/**
 * Request headers that only the gateway may write. A client's copy is dropped in every spelling: upstreams fold `_`
 * (WSGI, RFC 3875 §4.1.18), `.` and other punctuation into `-`, so names are compared with all of it folded.
 */

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
  'remote-user',
  'remote-email',
  'remote-groups',
  'remote-name',
  'x-remote-user',
  'x-remote-group',
  'x-remote-email',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-auth-request-groups',
  'x-auth-request-preferred-username',
  'x-auth-request-access-token',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
  'x-forwarded-id-token',
  'x-webauth-user',
  'x-webauth-email',
  'x-webauth-groups',
  'x-authenticated-user',
  'x-authenticated-userid',
  'x-authenticated-email',
  'x-authenticated-groups',
  'x-user',
  'x-user-id',
  'x-userid',
  'x-email',
  'x-groups',
  'x-pomerium-jwt-assertion',
  'x-pomerium-claim-email',
  'x-goog-iap-jwt-assertion',
  'x-goog-authenticated-user-email',
  'x-goog-authenticated-user-id',
  'x-amzn-oidc-data',
  'x-amzn-oidc-identity',
  'x-amzn-oidc-accesstoken',
  'x-ms-client-principal',
  'x-ms-client-principal-name',
  'x-ms-client-principal-id',
  'cf-access-jwt-assertion',
  'cf-access-authenticated-user-email',
  'oidc-claim-sub',
  'x-vouch-user',
  'x-authentik-username',
  'x-authentik-email',
  'x-authentik-groups',
  'x-mlflow-authorization',
  'ssl-client-s-dn',
  'x-ssl-client-s-dn',
  'x-client-cert',
  'x-forwarded-client-cert',
]

/** Where the request came from: rewritten from what the gateway knows. The whole family, so that no member survives. */
const ORIGIN_FAMILY = [
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'x-cluster-client-ip',
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

const FOLD = /[^a-z0-9]+/g
/** A name as the laxest upstream reads it. */
export const foldName = (name: string) => name.toLowerCase().replace(FOLD, '-')

const DROPPED: ReadonlySet<string> = new Set([
  ...WRITTEN,
  ...ALIASES,
  ...FOREIGN,
  ...ORIGIN_FAMILY,
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'expect',
  'cookie',
  'authorization',
])

const isFoldDropped = (folded: string) =>
  DROPPED.has(folded) ||
  folded.startsWith('x-forwarded-') ||
  folded.startsWith('x-gateway-') ||
  folded.startsWith('aoa-')

/** Verdict per spelling seen. Bounded: names are the client's choice. */
const known = new Map<string, boolean>()
const KNOWN_MAX = 2000

/** True when a client's header of this name (any case) must not reach an upstream as it came. */
export function isOwned(name: string): boolean {
  const verdict = known.get(name)
  if (verdict !== undefined) return verdict
  const owned = isFoldDropped(foldName(name))
  if (known.size < KNOWN_MAX) known.set(name, owned)
  return owned
}
