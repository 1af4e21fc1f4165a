/** Endpoints without which nobody can sign in, and those that are used where the metadata has them. */
const REQUIRED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
const OPTIONAL = [
  'userinfo_endpoint',
  'end_session_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
] as const

type Metadata = Readonly<Partial<Record<(typeof REQUIRED)[number] | (typeof OPTIONAL)[number], unknown>>>

export interface EndpointError {
  readonly name: string
  readonly expected: string
  readonly got: string
}

/**
 * The endpoints of an issuer's metadata that cannot be used. Their host is free: issuers spread over several.
 * @param issuer Issuer identifier: with https, all endpoints need https (OIDC Discovery §3).
 */
export function endpointErrors(metadata: Metadata, issuer: string): EndpointError[] {
  const present = OPTIONAL.filter((name) => metadata[name] !== undefined)
  return [...REQUIRED, ...present].flatMap((name) => {
    const error = endpointError(metadata[name], issuer)
    return error === undefined ? [] : [{ name, ...error }]
  })
}

/** The same for the endpoints at which a client presents its certificate (RFC 8705 §5). */
export function aliasErrors(metadata: { readonly mtls_endpoint_aliases?: unknown }, issuer: string): EndpointError[] {
  const aliases = Object(metadata.mtls_endpoint_aliases) as Metadata
  return (['token_endpoint', ...OPTIONAL] as const).flatMap((name) => {
    const error = aliases[name] === undefined ? undefined : endpointError(aliases[name], issuer)
    return error === undefined ? [] : [{ name: `mtls_endpoint_aliases.${name}`, ...error }]
  })
}

/** What is wrong with the URL of an endpoint. The URL itself is left out: it may contain credentials. */
export function endpointError(value: unknown, issuer: string): Omit<EndpointError, 'name'> | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url === null) return { expected: 'a URL', got: value === undefined ? 'none' : typeof value }
  const schemes = issuer.startsWith('https:') ? ['https:'] : ['https:', 'http:']
  if (!schemes.includes(url.protocol)) return { expected: 'https', got: url.protocol.slice(0, -1) }
  if (url.username !== '' || url.password !== '') return { expected: 'a URL without credentials', got: 'credentials' }
  // A host with other characters could end a directive of our Content-Security-Policy.
  if (!/^[\w.:[\]-]+$/.test(url.host)) return { expected: 'a host name', got: 'other characters' }
  if (url.hash !== '') return { expected: 'a URL without a fragment (RFC 6749 §3.1)', got: 'a fragment' }
  return undefined
}
