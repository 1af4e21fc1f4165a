import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { KoaContextWithOIDC } from 'oidc-provider'

/** Key and certificate of the server, and the authority of client certificates: PEM. */
export interface IssuerTls {
  readonly key: string
  readonly cert: string
  readonly ca: string
}

export interface TokenClient {
  readonly host: string | undefined
  /** Serial number of the client certificate. */
  readonly serial: string | undefined
  readonly hasBasic: boolean
}

export const tokenClient = ({ socket, headers }: IncomingMessage): TokenClient => ({
  host: headers.host,
  serial: socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.serialNumber : undefined,
  hasBasic: headers.authorization?.startsWith('Basic ') ?? false,
})

const certificateOf = (ctx: KoaContextWithOIDC) => (ctx.req.socket as TLSSocket).getPeerX509Certificate()

/** `tls_client_auth` by the subject of the certificate (RFC 8705 §2.1). */
export const clientCertificates = {
  enabled: true,
  tlsClientAuth: true,
  getCertificate: (ctx: KoaContextWithOIDC) => certificateOf(ctx)?.toString(),
  certificateAuthorized: (ctx: KoaContextWithOIDC) => (ctx.req.socket as TLSSocket).authorized,
  certificateSubjectMatches: (ctx: KoaContextWithOIDC, property: string, expected: string) =>
    property === 'tls_client_auth_subject_dn' && certificateOf(ctx)?.subject === expected,
}

/** Where clients present their certificates (RFC 8705 §5). */
export const certificateEndpoints = (origin: string) => ({
  mtls_endpoint_aliases: {
    token_endpoint: `${origin}/token`,
    introspection_endpoint: `${origin}/token/introspection`,
    revocation_endpoint: `${origin}/token/revocation`,
  },
})
