import { isDeepStrictEqual } from 'node:util'
import { buildSigner } from '../../../gateway/forward/headers/assertion.ts'
import { clientConfig } from '../../../gateway/signin/client-config.ts'
import type { HttpResponse } from '../../../shared/http-request.ts'
import { isLoopback } from '../../../shared/loopback.ts'
import { parseJson, probe, Unreachable } from '../../check/probe.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, skipped, warning } from '../finding.ts'
import { blockedFinding, type World } from '../world.ts'

/** The public URL as browsers use it, through whatever is in front of the gateway. */
export const proxyCheck: Check = {
  id: 'proxy',
  title: 'Public URL',
  needs: ['dns', 'tls'],
  async run(world) {
    const { publicUrl } = world.config.server
    const blocked = blockedFinding(world, publicUrl, publicUrl)
    if (blocked) return [blocked]
    try {
      const wrong = healthFinding(publicUrl, await probe(`${publicUrl}/healthz`))
      if (wrong) return [wrong]
      return [...(await sameGateway(world)), ...(await trustFindings(world)), ...(await plainHttp(publicUrl))]
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      const cause = 'The proxy in front, or the gateway itself, does not run; or a firewall blocks the connection.'
      const fix = 'Start them. If browsers reach this URL and only this machine does not, ignore this.'
      return [warning(`${publicUrl} is not reachable from here (${error.message})`, cause, fix)]
    }
  },
}

/** Undefined: a gateway responds. */
export function healthFinding(publicUrl: string, { status, text }: HttpResponse): Finding | undefined {
  if (status === 200 && parseJson(text).status === 'alive') return undefined
  const what = `${publicUrl}/healthz returned status ${status}, expected the gateway`
  if (status === 421 || parseJson(text).reason === 'unknown-host')
    return failed(what, 'The proxy in front changes the Host header.', 'Make the proxy forward Host unchanged.')
  if ([502, 503, 504].includes(status))
    return failed(
      what,
      'The proxy in front cannot reach the gateway.',
      'Start the gateway, and point the proxy to server.listen.',
    )
  const cause = 'Another server responds at this address, or the proxy forwards only some paths.'
  return failed(what, cause, 'Forward all paths of this host to the gateway.')
}

/** The keys of the assertion derive from session.secrets, so that they tell one gateway from another. */
async function sameGateway({ config, hasSecrets, clock }: World): Promise<Finding[]> {
  const { publicUrl } = config.server
  const [keys, described] = await Promise.all([
    probe(`${publicUrl}/auth/jwks.json`),
    probe(`${publicUrl}/auth/client-config`),
  ])
  const isSameConfig = isDeepStrictEqual(parseJson(described.text), { ...clientConfig(config) })
  const own = await buildSigner({ issuer: publicUrl, clock, secrets: config.session.secrets })
  const [first] = own.jwks.keys
  const shown = parseJson(keys.text).keys
  const isSame = Array.isArray(shown) && shown.some((key) => Object(key).kid === first?.kid)
  if (hasSecrets && !isSame) {
    const cause = 'It was started with other session.secrets, or it is another installation.'
    const fix = 'Check where the proxy leads. Restart or reload the gateway if the secrets changed.'
    return [failed(`${publicUrl} leads to a gateway with other secrets than this configuration`, cause, fix)]
  }
  if (isSameConfig)
    return [ok(`${publicUrl} leads to ${hasSecrets ? 'this gateway' : 'a gateway with the same routes'}`)]
  const cause = 'The file was changed after the gateway read it.'
  return [
    warning(
      `${publicUrl} leads to a gateway with other routes or another issuer`,
      cause,
      'Reload it: send SIGHUP, or restart it.',
    ),
  ]
}

/**
 * Whether the gateway trusts what is in front of it. It says so by how it denies /auth/verify, which is for trusted
 * proxies alone; no endpoint shows strangers what the gateway understood.
 */
async function trustFindings({ config }: World): Promise<Finding[]> {
  const { publicUrl, trustedProxies } = config.server
  const cause = 'server.trustedProxies does not contain the address from which the proxy connects.'
  const fix = 'Add that address or network to server.trustedProxies. It is `client` in the log of the gateway.'
  const effect = 'all users count as one client in limits and in the log'
  if (trustedProxies.length === 0) {
    if (publicUrl.startsWith('http:')) return []
    return [warning(`no proxy is trusted, and TLS ends in front of the gateway: ${effect}`, cause, fix)]
  }
  const { text } = await probe(`${publicUrl}/auth/verify`)
  const { reason } = parseJson(text)
  if (reason === 'proxy-untrusted')
    return [warning(`the gateway does not trust the proxy in front: ${effect}`, cause, fix)]
  if (reason === undefined)
    return [skipped('trusted proxies: cannot be seen from here, because the proxy does not forward /auth/verify')]
  return [ok('the gateway trusts the proxy in front')]
}

/** Browsers do not send a secure cookie to plain http: a person who starts there cannot sign in. */
async function plainHttp(publicUrl: string): Promise<Finding[]> {
  const { protocol, hostname, port } = new URL(publicUrl)
  if (protocol === 'http:') {
    if (isLoopback(hostname)) return []
    const cause = 'server.publicUrl is http.'
    return [
      warning('cookies and tokens cross the network unencrypted', cause, 'Put a TLS proxy in front, and use https.'),
    ]
  }
  if (port !== '') return []
  try {
    const { status } = await probe(`http://${hostname}/healthz`)
    if (status >= 300) return [ok(`plain http is redirected or denied (status ${status})`)]
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return [ok('plain http is closed')]
  }
  const cause = 'The proxy in front serves this host on port 80 as well.'
  return [warning(`http://${hostname} is served without TLS`, cause, 'Redirect http to https in the proxy.')]
}
