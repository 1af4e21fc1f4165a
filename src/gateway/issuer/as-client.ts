import * as client from 'openid-client'
import type { DiscoveredIssuer } from './discovery.ts'

/**
 * The discovered issuer for another client of it, which authenticates by `client_secret_basic` (RFC 6749 §2.3.1). Its
 * requests have no credentials of the gateway: with the gateway's certificate on the connection, whoever sends the
 * gateway's client ID and any secret would be the gateway.
 */
export function asClient(found: DiscoveredIssuer, id: string, secret: string): client.Configuration {
  const metadata = found.configuration.serverMetadata()
  const own = new client.Configuration(metadata, id, undefined, client.ClientSecretBasic(secret))
  own.timeout = found.configuration.timeout
  own[client.customFetch] = found.plainFetch
  // Discovery has already decided whether plain http is acceptable for this issuer.
  if (metadata.issuer.startsWith('http:')) client.allowInsecureRequests(own)
  return own
}
