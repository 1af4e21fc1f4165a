import * as z from 'zod'
import { metadata } from '../../../shared/settings/metadata.ts'

export const proofOfPossession = z
  .strictObject({
    dpop: z
      .enum(['off', 'accept', 'require'])
      .default('off')
      .describe(
        'Access tokens that are bound to a key of their client (DPoP, RFC 9449). `off`: they are rejected; `accept`: beside bearer tokens; `require`: instead of bearer tokens. Sessions are not affected.',
      ),
    dpopNonce: z
      .boolean()
      .default(true)
      .describe(
        'Whether a DPoP proof must contain a nonce of the gateway, which changes every five minutes. A client without a current one repeats its request once.',
      ),
    clientCertificates: z
      .boolean()
      .default(false)
      .describe(
        'Accept access tokens that are bound to a client certificate (RFC 8705). The proxies in server.trustedProxies must verify that the client has the certificate, and set or remove `Client-Cert` (RFC 9440) in every request.',
      ),
  })
  .register(metadata, { reload: 'reload' })
