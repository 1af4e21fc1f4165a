import type { Config } from '../../gateway/config/schema.ts'
import { endpointErrors } from '../../gateway/issuer/endpoints.ts'
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
  const endpoints = { authorizationEndpoint: metadata.authorization_endpoint, tokenEndpoint: metadata.token_endpoint }
  return hasUrls(endpoints) ? endpoints : undefined
}

const hasUrls = (endpoints: Record<keyof Endpoints, unknown>): endpoints is Record<keyof Endpoints, string> =>
  Object.values(endpoints).every((value) => typeof value === 'string' && URL.canParse(value))

function metadataErrors(metadata: Metadata, issuer: Config['issuer']): CheckError[] {
  const errors: CheckError[] = []
  if (metadata.issuer !== issuer.url) {
    const expected = `exactly the issuer that its metadata names: ${JSON.stringify(metadata.issuer)}`
    errors.push({ path: 'issuer.url', expected, hint: 'Copy that value.' })
  }
  for (const { name, expected, got } of endpointErrors(metadata, issuer.url)) {
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
export async function issuerWarnings({ issuer, routes }: Config): Promise<CheckError[]> {
  const metadata = parseJson((await probe(metadataUrl(issuer))).text)
  return [...announcementWarnings(metadata, issuer), ...exchangeWarnings(metadata, routes)]
}

/** See {@link issuerWarnings}. */
export function announcementWarnings(metadata: Metadata, issuer: Config['issuer']): CheckError[] {
  const { claims_supported: claims, scopes_supported: scopes } = metadata
  const warnings: CheckError[] = []
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
  return warnings
}
