import type { Config } from '../../gateway/config/schema.ts'
import { aliasErrors, endpointErrors } from '../../gateway/issuer/endpoints.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { clientErrors } from './client.ts'
import type { Endpoints } from './endpoints.ts'
import { parseJson, probe } from './probe.ts'
import { redirectErrors } from './redirect-uri.ts'
import { exchangeWarnings } from './token-exchange.ts'

/** The issuer's metadata as it was received (OIDC Discovery §3). */
export type Metadata = Readonly<Record<string, unknown>>

/** Metadata, client and redirect URI. @throws Unreachable */
export async function issuerErrors(config: Config): Promise<CheckError[]> {
  const { metadata, errors } = await discoverIssuer(config)
  const endpoints = metadata && endpointsOf(metadata)
  if (errors.length > 0 || endpoints === undefined) return errors
  const [client, redirect] = await Promise.all([clientErrors(endpoints, config), redirectErrors(endpoints, config)])
  return [...client, ...redirect]
}

export const metadataUrl = ({ url }: Config['issuer']) => `${url.replace(/\/$/, '')}/.well-known/openid-configuration`

/** The metadata, if there is any, and what is wrong with it. @throws Unreachable */
export async function discoverIssuer({ issuer }: Config): Promise<{ metadata?: Metadata; errors: CheckError[] }> {
  const { status, text } = await probe(metadataUrl(issuer))
  const metadata = parseJson(text)
  if (status === 200 && typeof metadata.issuer === 'string')
    return { metadata, errors: metadataErrors(metadata, issuer) }
  const got = status === 200 ? 'a page without metadata' : `status ${status}`
  const hint = 'Copy the issuer exactly as it is in the metadata or the settings of the issuer, without /.well-known.'
  const expected = 'OpenID Connect metadata below /.well-known/openid-configuration'
  return { errors: [{ path: 'issuer.url', expected, got, hint }] }
}

/** Undefined: the metadata does not name them. */
export function endpointsOf(metadata: Metadata): Endpoints | undefined {
  const { issuer, authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint } = metadata
  if (typeof issuer !== 'string' || !isUrl(authorizationEndpoint) || !isUrl(tokenEndpoint)) return undefined
  const { token_endpoint: alias } = Object(metadata.mtls_endpoint_aliases)
  return { issuer, authorizationEndpoint, tokenEndpoint, ...(isUrl(alias) && { mtlsTokenEndpoint: alias }) }
}

const isUrl = (value: unknown): value is string => typeof value === 'string' && URL.canParse(value)

function metadataErrors(metadata: Metadata, issuer: Config['issuer']): CheckError[] {
  const errors: CheckError[] = []
  if (metadata.issuer !== issuer.url) {
    const expected = `exactly the issuer that its metadata names: ${JSON.stringify(metadata.issuer)}`
    errors.push({ path: 'issuer.url', expected, hint: 'Copy that value.' })
  }
  const aliases = issuer.clientAuthentication === 'tls_client_auth' ? aliasErrors(metadata, issuer.url) : []
  for (const { name, expected, got } of [...endpointErrors(metadata, issuer.url), ...aliases]) {
    const hint = 'Check that this is an OpenID Connect issuer.'
    const wanted = got === 'none' ? `metadata with ${name}` : `metadata with ${expected} as ${name}`
    errors.push({ path: 'issuer.url', expected: wanted, got, hint })
  }
  const methods = metadata.code_challenge_methods_supported
  if (issuer.requirePkce && !(Array.isArray(methods) && methods.includes('S256'))) {
    errors.push({
      path: 'issuer.requirePkce',
      expected: 'an issuer that announces PKCE S256',
      got: JSON.stringify(methods ?? 'nothing'),
      hint: 'If the issuer supports PKCE without announcing it, set issuer.requirePkce: false.',
    })
  }
  return errors
}

/**
 * What the metadata makes doubtful, but cannot rule out: the lists are optional and need not be complete
 * (OIDC Discovery §3).
 */
export async function issuerWarnings(config: Config): Promise<CheckError[]> {
  const metadata = parseJson((await probe(metadataUrl(config.issuer))).text)
  return [...announcementWarnings(metadata, config), ...exchangeWarnings(metadata, config.routes)]
}

/** See {@link issuerWarnings}. */
export function announcementWarnings(
  metadata: Metadata,
  { issuer, routes }: Pick<Config, 'issuer' | 'routes'>,
): CheckError[] {
  const { claims_supported: claims, scopes_supported: scopes } = metadata
  const warnings: CheckError[] = methodWarnings(metadata, issuer)
  if (Array.isArray(claims) && !claims.includes(issuer.groupsClaim)) {
    warnings.push({
      path: 'issuer.groupsClaim',
      expected: `an issuer that announces the claim \`${issuer.groupsClaim}\``,
      got: 'other claims',
      hint: 'Without it no user belongs to a project. Check that the issuer adds it to ID tokens and access tokens of this client.',
    })
  }
  const missing = Array.isArray(scopes) ? issuer.scopes.filter((scope) => !scopes.includes(scope)) : []
  if (missing.length > 0) {
    const hint = 'Check the scopes that the issuer offers to this client.'
    warnings.push({
      path: 'issuer.scopes',
      expected: 'scopes that the issuer announces',
      got: missing.join(', '),
      hint,
    })
  }
  return [...warnings, ...levelWarnings(metadata, routes)]
}

/** Levels of routes that the issuer does not announce (`acr_values_supported`): nobody may be able to reach them. */
function levelWarnings({ acr_values_supported: levels }: Metadata, routes: Config['routes']): CheckError[] {
  if (!Array.isArray(levels)) return []
  return routes.flatMap(({ acr = [] }, index): CheckError[] => {
    if (acr.length === 0 || acr.some((level) => levels.includes(level))) return []
    const hint =
      'Set routes[].acr to values that the issuer states. For Keycloak see the ACR to LoA mapping of the realm.'
    const expected = 'a level that the issuer announces'
    return [{ path: `routes.${index}.acr`, expected, got: acr.join(', '), hint }]
  })
}

/** `jwt_file` has no name of its own in metadata: issuers list it as private_key_jwt, or not at all. */
function methodWarnings(metadata: Metadata, { clientAuthentication: method }: Config['issuer']): CheckError[] {
  const offered = metadata.token_endpoint_auth_methods_supported
  const names = method === 'tls_client_auth' ? [method, `self_signed_${method}`] : [method]
  if (method === 'jwt_file' || !Array.isArray(offered) || names.some((name) => offered.includes(name))) return []
  const hint = 'Choose one of them, or check the settings of the issuer.'
  const expected = `a method that the issuer announces: ${offered.filter((each) => /^\w+$/.test(each)).join(', ')}`
  return [{ path: 'issuer.clientAuthentication', expected, got: method, hint }]
}
