import * as oidc from 'openid-client'
import { CliError } from '../cli-error.ts'

/**
 * Signs in with another device or window: the terminal shows a URL and a code. PKCE is sent although RFC 8628 does not
 * define it, because an issuer that requires it of a client requires it here as well.
 * @param say Shows one line to the user.
 * @throws CliError
 * @see RFC 8628 §3
 */
export async function deviceFlow(config: oidc.Configuration, scope: string, say: (line: string) => void) {
  if (config.serverMetadata().device_authorization_endpoint === undefined) {
    throw new CliError('The issuer does not offer sign-in with a device code. Run: modelops-gateway login --browser')
  }
  const verifier = oidc.randomPKCECodeVerifier()
  const device = await oidc.initiateDeviceAuthorization(config, {
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  say(`To sign in, open ${device.verification_uri_complete ?? device.verification_uri}`)
  say(`and check that the page shows the code ${device.user_code}`)
  say(`The code expires in ${Math.round(device.expires_in / 60)} minutes. Waiting ...`)
  try {
    return await oidc.pollDeviceAuthorizationGrant(config, device, { code_verifier: verifier })
  } catch (error) {
    throw new CliError(reasonOf(error), { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof oidc.ResponseBodyError ? error.error : undefined
  if (code === 'access_denied') return 'The sign-in was denied in the browser.'
  if (code === 'expired_token') return 'The code has expired. Run the command again.'
  return `The sign-in failed: ${code ?? 'the issuer could not be reached'}`
}
