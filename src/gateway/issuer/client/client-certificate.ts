import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import { ClientCredentialError, readClientFile } from './client-file.ts'
import { EXPECTED_KEY } from './signing-key.ts'

type CertificateFiles = NonNullable<Config['issuer']['clientCertificate']>

/** A client certificate with its chain, and its key: PEM (RFC 8705 §2). */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

const [CERTIFICATE, KEY] = ['issuer.clientCertificate.path', 'issuer.clientCertificate.keyPath']
const EXPECTED = 'a file with a certificate (PEM) that is valid now'

/**
 * Reads both files. While they are replaced one after the other, they do not belong together; they are then read once more
 * by the next request.
 * @param now Milliseconds since the epoch.
 * @throws ClientCredentialError
 */
export async function readClientCertificate(files: CertificateFiles, now: number): Promise<ClientCertificate> {
  const { path, keyPath } = files
  const [cert, key] = await Promise.all([
    readClientFile({ key: CERTIFICATE, path }, EXPECTED),
    readClientFile({ key: KEY, path: keyPath }, EXPECTED_KEY),
  ])
  const fail = (at: string, expected: string, got: string, hint: string) =>
    new ClientCredentialError(at, { expected, got, hint })
  const certificate = parsed(() => new X509Certificate(cert))
  if (certificate === undefined) throw fail(CERTIFICATE, EXPECTED, `${path}: something else`, 'Check the path.')
  const privateKey = parsed(() => createPrivateKey(key))
  if (privateKey === undefined) {
    const hint = 'Name a PEM file with the key of the certificate, without a passphrase.'
    throw fail(KEY, EXPECTED_KEY, `${keyPath}: something else`, hint)
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    const hint = 'Name the key that belongs to the certificate. If both are renewed, replace them together.'
    throw fail(KEY, 'the key of issuer.clientCertificate.path', `${keyPath}: another key`, hint)
  }
  const { validFromDate, validToDate } = certificate
  const hint = 'Check what renews the certificate, and the clock of this machine.'
  if (validToDate.getTime() <= now)
    throw fail(CERTIFICATE, EXPECTED, `${path}: one that expired on ${validToDate.toISOString()}`, hint)
  if (validFromDate.getTime() > now)
    throw fail(CERTIFICATE, EXPECTED, `${path}: one that is valid from ${validFromDate.toISOString()}`, hint)
  return { cert, key }
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
