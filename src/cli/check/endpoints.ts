/** Endpoints of the issuer, from its metadata (OIDC Discovery §3). */
export interface Endpoints {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
}
