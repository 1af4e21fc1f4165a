import type { Config } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import type { Endpoints } from './endpoints.ts'
import { probe } from './probe.ts'

/** With `prompt=none` and no session at the issuer, one of these is the proper response (OIDC Core §3.1.2.6). */
const NOT_SIGNED_IN = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
])

/**
 * Whether the issuer accepts the redirect URI, without a browser: an issuer redirects errors to a registered redirect URI
 * and shows them on a page of its own otherwise (RFC 6749 §4.1.2.1).
 * @throws Unreachable
 */
export async function redirectErrors(
  { authorizationEndpoint }: Endpoints,
  { issuer, server }: Config,
): Promise<CheckError[]> {
  const redirectUri = `${server.publicUrl}/auth/callback`
  const url = new URL(authorizationEndpoint)
  const parameters = {
    client_id: issuer.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', ...issuer.scopes])].join(' '),
    state: 'check',
    nonce: 'check',
    prompt: 'none',
    // SHA-256 of a verifier that is never sent.
    code_challenge: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const { status, text, headers } = await probe(url.href, { headers: { accept: 'text/html' } })
  const location = headers.location === undefined ? null : URL.parse(headers.location, url.href)
  if (location?.href.startsWith(redirectUri)) return redirectedError(location.searchParams.get('error'))
  // To a page of the issuer: its login, as far as anybody can tell.
  if (location !== null && status < 400) return []
  return pageErrors(status, text, redirectUri)
}

function redirectedError(error: string | null): CheckError[] {
  if (error === null || NOT_SIGNED_IN.has(error)) return []
  const got = `${error} from the authorization endpoint`
  if (error === 'invalid_scope') {
    const hint = 'Remove scopes that the issuer does not offer to this client.'
    return [{ path: 'issuer.scopes', expected: 'scopes that the issuer accepts', got, hint }]
  }
  const hint = 'Check the settings of the client at the issuer.'
  return [{ path: 'issuer.clientId', expected: 'a client that may use the authorization code flow', got, hint }]
}

/** Issuers word their pages differently; what they name in them is the best hint there is. */
function pageErrors(status: number, page: string, redirectUri: string): CheckError[] {
  if (status < 400 && !/redirect[ _-]?ur[il]/i.test(page)) return []
  if (
    /client/i.test(page) &&
    /not found|unknown|invalid[ _]client|does not exist/i.test(page) &&
    !/redirect/i.test(page)
  ) {
    const hint = 'Copy the client ID from the issuer.'
    return [
      {
        path: 'issuer.clientId',
        expected: 'a client that the issuer knows',
        got: `an error page (status ${status})`,
        hint,
      },
    ]
  }
  return [
    {
      path: 'server.publicUrl',
      expected: 'a redirect URI that is registered at the issuer',
      got: `an error page (status ${status})`,
      hint: `Add ${redirectUri} to the redirect URIs of the client at the issuer.`,
    },
  ]
}
