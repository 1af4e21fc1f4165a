/** Endpoints of the issuer, from its metadata (OIDC Discovery §3). */
export interface Endpoints {
  /** Issuer identifier. */
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** The token endpoint for clients with a certificate (RFC 8705 §5), where it is another one. */
  readonly mtlsTokenEndpoint?: string | undefined
}
