import { digest } from '../../../shared/digest.ts'
import type { RequestHead } from '../../http/request-head.ts'
import { wrongCertificate } from './proof-refusals.ts'

/** A byte sequence of RFC 8941 §3.3.5, as in `Client-Cert` (RFC 9440 §2.2). Caddy sends `::` where there is none. */
const BYTES = /^:([A-Za-z0-9+/]*={0,2}):$/

/**
 * Checks that the client's certificate is the one that the token is bound to (RFC 8705 §3). TLS ends at the proxy in
 * front, which says in `Client-Cert` (RFC 9440) which certificate the client proved to have; nobody else is believed.
 * @param thumbprint SHA-256 of the certificate, base64url
 * @throws Refusal proof-invalid
 */
export function checkClientCertificate(
  { rawHeaders, peerAddress }: Pick<RequestHead, 'rawHeaders' | 'peerAddress'>,
  thumbprint: string,
  isTrustedProxy: (peer: string | undefined) => boolean,
): void {
  if (!isTrustedProxy(peerAddress))
    throw wrongCertificate(
      'the peer is not in server.trustedProxies',
      'It is bound to a client certificate, and this request came without one.',
    )
  const values = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'client-cert')
  const [value = '::'] = values
  const [, encoded] = BYTES.exec(value) ?? []
  if (values.length > 1 || encoded === undefined)
    throw wrongCertificate(
      'expected one Client-Cert of RFC 9440',
      'The proxy in front sent no readable client certificate.',
    )
  if (encoded === '')
    throw wrongCertificate('none', 'It is bound to a client certificate. Send the request with that certificate.')
  const sent = digest(Buffer.from(encoded, 'base64'))
  if (sent !== thumbprint)
    throw wrongCertificate(
      'another one',
      'It is bound to another client certificate. Send the request with that certificate.',
    )
}
