import * as client from 'openid-client'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { isLoopback } from '../../shared/loopback.ts'
import type { Config } from '../config/schema.ts'
import type { ClientAuthentication } from './client/client-authentication.ts'
import { gatewayFetch } from './client/gateway-fetch.ts'
import { aliasErrors, endpointErrors } from './endpoints.ts'
import type { IssuerFetch } from './issuer-fetch.ts'
import type { IssuerRequests } from './issuer-requests.ts'
import { type IssuerKeys, issuerKeys } from './keys/issuer-keys.ts'

export interface IssuerDeps {
  readonly config: Pick<Config, 'issuer' | 'server'>
  readonly clock: Clock
  readonly log: Logger
  /** Sends the requests. Absent: nobody counts them. */
  readonly requests?: IssuerRequests | undefined
}

/** The issuer as its metadata describes it (OIDC Discovery §3). */
export interface DiscoveredIssuer {
  /** For requests that the gateway sends as itself. They have its credentials. */
  readonly configuration: client.Configuration
  /** Sends requests without any credentials of the gateway. */
  readonly plainFetch: client.CustomFetch
  readonly metadata: Readonly<client.ServerMetadata>
  readonly keys: IssuerKeys
}

/**
 * Loads the issuer's metadata once.
 * @param authentication How the gateway proves who it is; not used for the metadata and the keys.
 * @param fetch Sends this request and all later ones to the issuer.
 * @throws Error with a message for operators: no response, or unusable metadata
 */
export async function discover(
  { config, clock, log }: IssuerDeps,
  authentication: ClientAuthentication,
  fetch: IssuerFetch,
): Promise<DiscoveredIssuer> {
  const { issuer, server } = config
  const url = new URL(issuer.url)
  const usesCertificate = authentication.certificate !== undefined
  const plainFetch: client.CustomFetch = (to, { body, ...options }) => fetch(to, { ...options, body: body ?? null })
  const configuration = await client.discovery(
    url,
    issuer.clientId,
    { [client.clockTolerance]: issuer.clockSkewSeconds, use_mtls_endpoint_aliases: usesCertificate },
    authentication.authenticate,
    {
      timeout: issuer.timeoutSeconds,
      [client.customFetch]: plainFetch,
      execute: allowsHttp(url, server.insecureHttp) ? [client.allowInsecureRequests] : [],
    },
  )
  const metadata = configuration.serverMetadata()
  checkMetadata(metadata, issuer)
  const isSigned = ['private_key_jwt', 'jwt_file'].includes(issuer.clientAuthentication)
  configuration[client.customFetch] = gatewayFetch({ authentication, isSigned, clock, log }, fetch)
  const jwksUri = new URL(metadata.jwks_uri ?? '')
  return {
    ...{ configuration, plainFetch, metadata },
    keys: issuerKeys(jwksUri, issuer.timeoutSeconds, clock, log, fetch),
  }
}

/** Plain http to the issuer is allowed on loopback, and where the operator accepted it (RFC 9700 §2.6). */
function allowsHttp(url: URL, insecureHttp: boolean): boolean {
  if (url.protocol !== 'http:') return false
  return isLoopback(url.hostname) || insecureHttp
}

/** @throws Error that names the unusable field (OIDC Discovery §3, §4.3, RFC 7636 §5) */
function checkMetadata(metadata: client.ServerMetadata & client.ServerMetadataHelpers, issuer: Config['issuer']): void {
  if (metadata.issuer !== issuer.url) {
    throw new Error(`issuer: expected exactly ${issuer.url}, got ${metadata.issuer}`)
  }
  const aliases = issuer.clientAuthentication === 'tls_client_auth' ? aliasErrors(metadata, issuer.url) : []
  const [error] = [...endpointErrors(metadata, issuer.url), ...aliases]
  if (error !== undefined) throw new Error(`${error.name}: expected ${error.expected}, got ${error.got}`)
  if (issuer.requirePkce && !metadata.supportsPKCE('S256')) {
    throw new Error('code_challenge_methods_supported: expected S256 (or issuer.requirePkce: false)')
  }
}
