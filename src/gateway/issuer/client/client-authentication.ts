import type { JWK } from 'jose'
import * as client from 'openid-client'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../config/schema.ts'
import { readAssertion } from './assertion-file.ts'
import { type ClientCertificate, readClientCertificate } from './client-certificate.ts'
import type { ClientCredentialError } from './client-file.ts'
import { SigningKeys } from './signing-keys.ts'

export type IssuerSettings = Config['issuer']

/** How the gateway proves to its issuer that it is the client `issuer.clientId`. */
export interface ClientAuthentication {
  /** Adds the proof to one request. @throws ClientCredentialError */
  readonly authenticate: client.ClientAuth
  /** The certificate of the connection, where that is the proof. @throws ClientCredentialError */
  readonly certificate?: () => Promise<ClientCertificate>
  /** The public keys for the issuer, where the gateway signs; and the keys that cannot be read. */
  readonly published?: () => Promise<{ readonly keys: JWK[]; readonly errors: ClientCredentialError[] }>
}

/** Lifetime of an assertion that the gateway signs, in seconds (RFC 7523 §3: short). */
const LIFETIME_SECONDS = 60
/** An assertion is dated back by this, for an issuer whose clock is a little behind, in seconds. */
const BACK_SECONDS = 5

const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:'

/** Decided once for each configuration. The files are read again for every request. */
export function buildClientAuthentication(issuer: IssuerSettings, clock: Clock): ClientAuthentication {
  const { clientSecret = '', clientKeys, clientCertificate, clientAssertion } = issuer
  switch (issuer.clientAuthentication) {
    case 'client_secret_basic':
      return { authenticate: client.ClientSecretBasic(clientSecret) }
    case 'client_secret_post':
      return { authenticate: client.ClientSecretPost(clientSecret) }
    case 'private_key_jwt': {
      const keys = new SigningKeys(required(clientKeys))
      return { authenticate: signed(keys, clock), published: () => keys.published() }
    }
    case 'tls_client_auth': {
      const files = required(clientCertificate)
      return { authenticate: client.TlsClientAuth(), certificate: () => readClientCertificate(files, clock()) }
    }
    case 'jwt_file':
      return { authenticate: fromFile(required(clientAssertion), clock) }
  }
}

/** The checks across keys have refused a configuration without it. */
function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('expected the files of issuer.clientAuthentication')
  return value
}

/**
 * `private_key_jwt` (OIDC Core §9). The audience is the issuer identifier and nothing else: an assertion for an endpoint's
 * URL can be redirected to another issuer that names the same URL (RFC 7523bis).
 */
const signed =
  (keys: SigningKeys, clock: Clock): client.ClientAuth =>
  async (issuer, own, body, headers) => {
    const { privateKey, kid, algorithm } = await keys.signing()
    const authenticate = client.PrivateKeyJwt(
      { key: privateKey, kid },
      {
        [client.modifyAssertion]: (header, claims) => {
          const issuedAt = Math.floor(clock() / 1000) - BACK_SECONDS
          header.alg = algorithm // openid-client writes `Ed25519`, which most issuers know as `EdDSA` only
          Object.assign(claims, { aud: issuer.issuer, iat: issuedAt, nbf: issuedAt, exp: issuedAt + LIFETIME_SECONDS })
        },
      },
    )
    await authenticate(issuer, own, body, headers)
  }

const fromFile =
  ({ path, type }: NonNullable<IssuerSettings['clientAssertion']>, clock: Clock): client.ClientAuth =>
  async (_issuer, own, body) => {
    const assertion = await readAssertion({ key: 'issuer.clientAssertion.path', path }, clock())
    body.set('client_id', own.client_id)
    body.set('client_assertion_type', CLIENT_ASSERTION + type)
    body.set('client_assertion', assertion)
  }
