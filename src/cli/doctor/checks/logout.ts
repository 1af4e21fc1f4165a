import { probe, Unreachable } from '../../check/probe.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, skipped, warning } from '../finding.ts'
import { blockedFinding, type World } from '../world.ts'

export const logoutCheck: Check = {
  id: 'logout',
  title: 'Sign-out',
  needs: ['discovery'],
  async run(world) {
    if (world.metadata === undefined)
      return [skipped('sign-out: not checked, because the issuer’s metadata is not available')]
    return [await postLogoutFinding(world, world.metadata), await backChannelFinding(world, world.metadata)]
  },
}

type Metadata = NonNullable<World['metadata']>

/** Without a session and an ID token an issuer can only show a page; what it shows differs by the redirect URI. */
async function postLogoutFinding({ config }: World, metadata: Metadata): Promise<Finding> {
  const endpoint = metadata.end_session_endpoint
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) {
    const text = 'the issuer has no end-session endpoint: after a sign-out the session at the issuer remains'
    return warning(
      text,
      'The issuer does not support RP-initiated logout.',
      'Tell users to sign out at the issuer as well.',
    )
  }
  const uri = `${config.server.publicUrl}/auth/signed-out`
  const url = new URL(endpoint)
  url.searchParams.set('client_id', config.issuer.clientId)
  url.searchParams.set('post_logout_redirect_uri', uri)
  try {
    const { status, text: page } = await probe(url.href, { headers: { accept: 'text/html' } })
    if (status < 400) return ok(`the issuer accepts ${uri} after a sign-out`)
    const text = `the issuer does not accept ${uri} after a sign-out (status ${status})`
    const cause = 'The post-logout redirect URI is missing at the issuer, or is not spelled exactly.'
    const fix = `Add ${uri} to the post-logout redirect URIs of the client at the issuer.`
    return /redirect/i.test(page) ? failed(text, cause, fix) : warning(text, cause, fix)
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return failed(
      `the end-session endpoint does not respond (${error.message})`,
      'The issuer announces an address that this machine does not reach.',
      'Correct the host name settings of the issuer.',
    )
  }
}

/** A logout token that is missing gets 400 from the gateway; anything else means that the request arrived elsewhere. */
async function backChannelFinding(world: World, metadata: Metadata): Promise<Finding> {
  const url = `${world.config.server.publicUrl}/auth/backchannel-logout`
  if (metadata.backchannel_logout_supported !== true)
    return skipped('back-channel logout: the issuer does not announce it; sessions end by their limits')
  const blocked = blockedFinding(world, url, 'back-channel logout')
  if (blocked) return blocked
  const cause = 'The proxy in front does not forward this path, or the gateway does not run.'
  const fix = `Forward ${url} to the gateway. The issuer must reach it too.`
  try {
    const { status } = await probe(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '',
    })
    if (status === 400) return ok(`${url} is reachable from here; the issuer must reach it too`)
    return warning(`${url} returned status ${status}, expected 400 for a request without a token`, cause, fix)
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return warning(`${url} is not reachable from here (${error.message})`, cause, fix)
  }
}
