import { titleOf } from '../../config/route-title.ts'
import { routeUrl } from '../../config/route-url.ts'
import type { Config } from '../../config/schema.ts'
import { Refusal } from '../../errors.ts'
import { jsonReply, type Reply } from '../../http/reply.ts'
import type { RequestContext } from '../../routing/request-context.ts'
import { PROOF_ALGORITHMS } from '../../tokens/proof/proof-key.ts'

/** Where programs learn which issuer gives tokens for an application (RFC 9728 §3). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource'

/** Whether a path is one of the metadata. An application cannot publish any, as it is not what verifies the tokens. */
export const isMetadataPath = (path: string): boolean =>
  path.startsWith(METADATA_PATH) && (path.length === METADATA_PATH.length || path[METADATA_PATH.length] === '/')

/** The metadata for which a request asks. @throws Refusal no-route, method-not-allowed */
export type ServeMetadata = (context: RequestContext) => Reply

/**
 * Metadata about the gateway and each route, made once. It contains what every client of the application may know:
 * nothing of projects, of upstreams, or of additional issuers. A public route has none, because it needs no token.
 */
export function buildServeMetadata(
  config: Pick<Config, 'issuer' | 'portal' | 'routes' | 'server' | 'proofOfPossession'>,
): ServeMetadata {
  const { portal, routes, server } = config
  const scheme = new URL(server.publicUrl).protocol
  const resources = [
    [server.publicUrl, portal.branding.name] as const,
    ...routes.filter(hasMetadata).map((route) => [routeUrl(server, route), titleOf(route)] as const),
  ]
  // A route at `/` describes the whole host.
  const replies = new Map(resources.map(([url, name]) => [metadataUrl(url), metadataReply(config, url, name)]))
  return ({ head, host, target }) => {
    const reply = replies.get(`${scheme}//${host}${target?.path ?? ''}`)
    if (reply === undefined) throw new Refusal('no-route', 'no protected resource has this metadata')
    if (head.method === 'GET' || head.method === 'HEAD') return reply
    throw new Refusal('method-not-allowed', 'metadata is read-only', { headers: { Allow: 'GET, HEAD' } })
  }
}

export const hasMetadata = ({ access }: Pick<Config['routes'][number], 'access'>): boolean => access !== 'public'

/** The URL of the metadata of a resource: the path of the resource follows the well-known one (RFC 9728 §3.1). */
export function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return `${origin}${METADATA_PATH}${pathname === '/' ? '' : pathname}`
}

/** @see RFC 9728 §2 */
function metadataReply(
  { issuer, proofOfPossession }: Pick<Config, 'issuer' | 'proofOfPossession'>,
  resource: string,
  name: string,
): Reply {
  const metadata = {
    resource,
    resource_name: name,
    authorization_servers: [issuer.url],
    scopes_supported: [...new Set(['openid', ...issuer.scopes])],
    bearer_methods_supported: ['header'],
    ...(proofOfPossession.dpop !== 'off' && {
      dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
      dpop_bound_access_tokens_required: proofOfPossession.dpop === 'require',
    }),
    ...(proofOfPossession.clientCertificates && { tls_client_certificate_bound_access_tokens: true }),
  }
  return jsonReply(200, metadata, ['Cache-Control', 'public, max-age=300'])
}
