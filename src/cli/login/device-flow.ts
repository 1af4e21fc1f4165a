import * as oidc from 'openid-client'
import { CliError } from '../cli-error.ts'

/**
 * Signs in with a second device or window: this terminal shows an address and a code, the browser may be anywhere.
 * PKCE is sent although RFC 8628 has none: an issuer that demands it of the client demands it here as well.
 * @param say Shows one line to the person.
 * @throws CliError
 * @see RFC 8628 §3
 */
export async function deviceFlow(config: oidc.Configuration, scope: string, say: (line: string) => void) {
  if (config.serverMetadata().device_authorization_endpoint === undefined) {
    throw new CliError('The issuer offers no sign-in by device code. Run: modelops-gateway login --browser')
  }
  const verifier = oidc.randomPKCECodeVerifier()
  const device = await oidc.initiateDeviceAuthorization(config, {
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  say(`To sign in, open ${device.verification_uri_complete ?? device.verification_uri}`)
  say(`and check that the page shows the code ${device.user_code}`)
  say(`The code is good for ${Math.round(device.expires_in / 60)} minutes; waiting ...`)
  try {
    return await oidc.pollDeviceAuthorizationGrant(config, device, { code_verifier: verifier })
  } catch (error) {
    throw new CliError(reasonOf(error), { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof oidc.ResponseBodyError ? error.error : undefined
  if (code === 'access_denied') return 'The sign-in was refused in the browser.'
  if (code === 'expired_token') return 'The code has expired. Run the command again.'
  return `The sign-in failed: ${code ?? 'the issuer could not be reached'}`
}
