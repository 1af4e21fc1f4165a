import * as z from 'zod'
import { filePath, token } from '../../../shared/settings/fields.ts'

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'jwt_file'] as const

/** `client_secret_jwt` is not offered: the issuer and the gateway would share a secret all the same. */
const NOT_OFFERED = `expected ${METHODS.slice(0, -1).join(', ')} or jwt_file; client_secret_jwt is not offered, because it needs the shared secret that a signed assertion makes unnecessary: use private_key_jwt`

const clientKey = z.strictObject({
  path: filePath.describe(
    'File with a private key: PEM or JWK, without a passphrase. It is read again when it changes.',
  ),
  kid: token
    .optional()
    .describe('Key ID in the header of assertions. Default: `kid` of the JWK, else its thumbprint (RFC 7638).'),
  algorithm: z
    .enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])
    .optional()
    .describe(
      'Signature algorithm. Default: `alg` of the JWK, else by the kind of key: RS256, ES256, ES384, ES512, EdDSA.',
    ),
})

/** Keys of `issuer` by which the gateway proves to the issuer that it is its client. */
export const clientAuthentication = {
  clientAuthentication: z
    .enum(METHODS, { error: ({ input }) => (input === 'client_secret_jwt' ? NOT_OFFERED : undefined) })
    .default('client_secret_basic')
    .describe(
      'How the gateway authenticates at the issuer. `jwt_file`: with a JWT that somebody else writes into a file (RFC 7523).',
    ),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe('Client secret; use ${env:NAME} or ${file:PATH}. For client_secret_basic and client_secret_post only.'),
  clientKeys: z
    .array(clientKey)
    .min(1)
    .max(4)
    .optional()
    .describe('Keys for private_key_jwt. The first one signs; all are published at /auth/client-jwks.json.'),
  clientCertificate: z
    .strictObject({
      path: filePath.describe('PEM file with the certificate and its chain. It is read again when it changes.'),
      keyPath: filePath.describe('PEM file with its private key, without a passphrase.'),
    })
    .optional()
    .describe('Client certificate for tls_client_auth (RFC 8705).'),
  clientAssertion: z
    .strictObject({
      path: filePath.describe(
        'File with a JWT, such as a projected service-account token. It is read again when it changes.',
      ),
      type: z
        .enum(['jwt-bearer', 'jwt-spiffe'])
        .default('jwt-bearer')
        .describe(
          'Assertion type that the issuer expects: `jwt-spiffe` for a SPIFFE JWT-SVID at issuers that know it.',
        ),
    })
    .optional()
    .describe('JWT for jwt_file.'),
}
