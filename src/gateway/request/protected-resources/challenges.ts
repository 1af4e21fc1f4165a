import { routeUrl } from '../../config/route-url.ts'
import type { Config } from '../../config/schema.ts'
import type { Refusal } from '../../errors.ts'
import type { RequestContext } from '../../routing/request-context.ts'
import { credentialsField } from '../../tokens/credentials-field.ts'
import { PROOF_ALGORITHMS } from '../../tokens/proof/proof-key.ts'
import { hasMetadata, metadataUrl } from './metadata.ts'

/** The values of `WWW-Authenticate` for a 401 of a program, one for each scheme that it could use. */
export type Challenges = (context: Pick<RequestContext, 'route' | 'head'>, denial: Pick<Refusal, 'headers'>) => string[]

/**
 * Each challenge names the metadata from which a client learns where it gets a token (RFC 9728 §5.1). The error is in the
 * challenge of the scheme that it is about (RFC 6750 §3, RFC 9449 §7.1).
 */
export function buildChallenges({
  routes,
  server,
  proofOfPossession,
}: Pick<Config, 'routes' | 'server' | 'proofOfPossession'>): Challenges {
  const algs = `algs="${PROOF_ALGORITHMS.join(' ')}"`
  const own = metadataUrl(server.publicUrl)
  const byRoute = new Map(
    routes.filter(hasMetadata).map((route) => [route.name, metadataUrl(routeUrl(server, route))] as const),
  )

  return ({ route, head }, { headers }) => {
    const [, scheme = 'Bearer', error = ''] = /^(\w+) ?(.*)$/.exec(headers['WWW-Authenticate'] ?? '') ?? []
    // Only clients that sent Basic credentials are told about them.
    if (scheme === 'Basic') return [`Basic ${error}`]
    const metadata = `resource_metadata="${(route && byRoute.get(route.name)) ?? own}"`
    const bearer = (shown: string) => `Bearer ${joined([shown, metadata])}`
    if (proofOfPossession.dpop === 'off') return [bearer(error)]
    const isDpop = scheme === 'DPoP' || /^dpop /i.test(head.headers[credentialsField(route)] ?? '')
    const dpop = `DPoP ${joined([isDpop ? error : '', algs, metadata])}`
    return proofOfPossession.dpop === 'require' ? [dpop] : [bearer(isDpop ? '' : error), dpop]
  }
}

const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join(', ')
