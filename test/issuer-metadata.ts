/** Metadata that every issuer of the tests publishes (OpenID Connect Discovery §3), at the endpoints that they share. */
export const issuerMetadata = (url: string) => ({
  issuer: url,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
  userinfo_endpoint: `${url}/userinfo`,
  jwks_uri: `${url}/jwks`,
  introspection_endpoint: `${url}/introspect`,
  end_session_endpoint: `${url}/logout`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
})
