import { parseJson, probe, Unreachable } from '../check/probe.ts'
import { CliError } from '../cli-error.ts'
import type { InitAnswers } from './answers.ts'

export interface IssuerFacts {
  /** False: a realm of Keycloak that is still to be imported. */
  readonly exists: boolean
  /** Scopes that the gateway requests. */
  readonly scopes: readonly string[]
}

const SCOPES = ['openid', 'profile', 'email']

/** What the issuer's metadata says (OIDC Discovery §4). @throws CliError */
export async function askIssuer({ issuer, issuerKind }: InitAnswers): Promise<IssuerFacts> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { status, text } = await probe(url).catch((error: unknown) => {
    if (!(error instanceof Unreachable)) throw error
    throw new CliError(
      `--issuer: expected a response from ${url}, got ${error.message}. Start the issuer, or correct the address.`,
    )
  })
  if (status === 404 && issuerKind === 'keycloak') return { exists: false, scopes: SCOPES }
  const { issuer: named, scopes_supported: scopes } = parseJson(text)
  if (status !== 200 || typeof named !== 'string')
    throw new CliError(
      `--issuer: expected OpenID Connect metadata at ${url}, got ${status === 200 ? 'another page' : `status ${status}`}. ` +
        'Copy the issuer from its settings, without /.well-known.',
    )
  if (named !== issuer)
    throw new CliError(
      `--issuer: expected exactly the issuer that its metadata names, ${named}, got ${issuer}. Use --issuer ${named}`,
    )
  // Many issuers send groups only on request. Keycloak's mapper needs no scope.
  const hasScope = issuerKind === 'generic' && Array.isArray(scopes) && scopes.includes('groups')
  return { exists: true, scopes: hasScope ? [...SCOPES, 'groups'] : SCOPES }
}
