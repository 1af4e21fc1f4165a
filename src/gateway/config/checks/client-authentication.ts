import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'
import { isPlaceholder } from './placeholder.ts'

type Issuer = Config['issuer']
type Credential = 'clientSecret' | 'clientKeys' | 'clientCertificate' | 'clientAssertion'

const NEEDS: Readonly<Record<Issuer['clientAuthentication'], Credential>> = {
  client_secret_basic: 'clientSecret',
  client_secret_post: 'clientSecret',
  private_key_jwt: 'clientKeys',
  tls_client_auth: 'clientCertificate',
  jwt_file: 'clientAssertion',
}

const HINTS: Readonly<Record<Credential, string>> = {
  clientSecret:
    'Copy the secret of the client from the issuer, e.g. into an environment variable: "${env:OIDC_CLIENT_SECRET}". Without a secret, set issuer.clientAuthentication.',
  clientKeys: 'Add the file of a private key: clientKeys: [{ path: secrets/client-key.pem }].',
  clientCertificate: 'Add both files: clientCertificate: { path: tls.crt, keyPath: tls.key }.',
  clientAssertion: 'Add the file of the JWT: clientAssertion: { path: /var/run/secrets/issuer/token }.',
}

/** A credential that is missing, and every credential that would be ignored: its owner believes that it protects something. */
export function clientAuthenticationErrors(issuer: Issuer): CheckError[] {
  const method = issuer.clientAuthentication
  const needed = NEEDS[method]
  const dependsOn = ['issuer.clientAuthentication']
  const missing: CheckError = {
    ...{ path: `issuer.${needed}`, expected: `a value, because issuer.clientAuthentication is ${method}` },
    ...{ got: 'nothing', hint: HINTS[needed], dependsOn },
  }
  const ignored = (Object.keys(HINTS) as Credential[]).filter((name) => name !== needed && issuer[name] !== undefined)
  return [
    ...(issuer[needed] === undefined ? [missing] : []),
    ...ignored.map((name) => ({
      ...{ path: `issuer.${name}`, expected: `nothing, because issuer.clientAuthentication is ${method}` },
      ...{ got: 'a value (not shown)', hint: `Remove issuer.${name}: it would be ignored.`, dependsOn },
    })),
    ...(issuer.clientSecret !== undefined && isPlaceholder(issuer.clientSecret) ? [placeholderSecret] : []),
    ...(method === 'tls_client_auth' && issuer.url.startsWith('http:') ? [withoutTls] : []),
  ]
}

const placeholderSecret: CheckError = {
  path: 'issuer.clientSecret',
  expected: 'the client secret from the issuer',
  got: 'a placeholder (not shown)',
  hint: 'Copy the secret of the client from the issuer, e.g. into an environment variable: "${env:OIDC_CLIENT_SECRET}".',
}

const withoutTls: CheckError = {
  path: 'issuer.url',
  expected: 'an https URL, because issuer.clientAuthentication is tls_client_auth',
  hint: 'A client certificate exists on TLS connections only. Use https, or another method.',
}
