import * as client from 'openid-client'

/** A program whose tokens are bound to a key of its own (RFC 9449), by openid-client. */
export interface DpopClient {
  readonly token: string
  /** Sends a request with a proof, and once more with the nonce where the gateway asks for one. */
  fetch(url: string, init?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Response>
}

/** Requests a token by client credentials. @param parameters further ones of the token request */
export async function dpopClient(
  issuer: string,
  { id, secret }: { readonly id: string; readonly secret: string },
  parameters: Record<string, string> = {},
  keys?: client.DPoPHandle,
): Promise<DpopClient & { readonly handle: client.DPoPHandle }> {
  const options = { execute: [client.allowInsecureRequests] }
  const configuration = await client.discovery(new URL(issuer), id, {}, client.ClientSecretBasic(secret), options)
  const handle = keys ?? client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'))
  const { access_token: token } = await client.clientCredentialsGrant(configuration, parameters, { DPoP: handle })
  return {
    ...{ token, handle },
    fetch: (url, { method = 'GET', headers = {}, body } = {}) =>
      client
        .fetchProtectedResource(configuration, token, new URL(url), method, body, new Headers(headers), {
          DPoP: handle,
        })
        .catch(responseOf),
  }
}

/** openid-client throws a response with a challenge; tests read its body. */
function responseOf(error: unknown): Response {
  if (error instanceof client.WWWAuthenticateChallengeError && error.response instanceof Response) return error.response
  throw error
}
