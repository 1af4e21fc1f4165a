import * as client from 'openid-client'

/** The discovered issuer for another client of it, which authenticates by `client_secret_basic` (RFC 6749 §2.3.1). */
export function asClient(gateway: client.Configuration, id: string, secret: string): client.Configuration {
  const metadata = gateway.serverMetadata()
  const own = new client.Configuration(metadata, id, undefined, client.ClientSecretBasic(secret))
  own.timeout = gateway.timeout
  if (gateway[client.customFetch] !== undefined) own[client.customFetch] = gateway[client.customFetch]
  // Discovery has already decided whether plain http is acceptable for this issuer.
  if (metadata.issuer.startsWith('http:')) client.allowInsecureRequests(own)
  return own
}
