import type { Config } from '../../../gateway/config/schema.ts'
import { isIpAddress } from '../../../shared/host.ts'
import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { clientErrors } from '../../check/client.ts'
import type { Endpoints } from '../../check/endpoints.ts'
import { announcementWarnings, discoverIssuer, endpointsOf, type Metadata } from '../../check/issuer.ts'
import { whereReachable } from '../../check/probe.ts'
import { redirectErrors } from '../../check/redirect-uri.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, findingOf, ok, skipped } from '../finding.ts'
import { blockedFinding, type World } from '../world.ts'

const reachable = (checks: () => Promise<CheckError[]>) => whereReachable('issuer.url', 'the issuer', checks)

export const discoveryCheck: Check = {
  id: 'discovery',
  title: 'Issuer',
  needs: ['dns', 'tls'],
  async run(world) {
    const { config } = world
    const blocked = blockedFinding(world, config.issuer.url, 'the metadata of the issuer')
    if (blocked) return [blocked]
    const errors = await reachable(async () => {
      const found = await discoverIssuer(config)
      if (found.metadata !== undefined && endpointsOf(found.metadata)) world.metadata = found.metadata
      return found.errors
    })
    if (errors.length > 0 || world.metadata === undefined) return errors.map((error) => findingOf(error))
    const warnings = announcementWarnings(world.metadata, config).map(announcementFinding)
    const endpoints = await endpointFindings(world, world.metadata)
    return [ok(`the metadata names ${config.issuer.url}`), ...endpoints, ...warnings]
  },
}

/** Endpoints of the issuer elsewhere than itself: what an issuer behind a proxy says if it does not know its own address. */
async function endpointFindings(world: World, metadata: Metadata): Promise<Finding[]> {
  const own = new URL(world.config.issuer.url)
  const findings: Finding[] = []
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'end_session_endpoint']) {
    const value = metadata[name]
    const url = typeof value === 'string' ? URL.parse(value) : null
    if (url === null) continue
    const fix = 'Correct the address that the issuer has of itself. For Keycloak set `hostname` and `proxy-headers`.'
    if (own.protocol === 'https:' && url.protocol === 'http:') {
      const cause = 'The issuer does not know that TLS ends at the proxy in front of it.'
      findings.push(failed(`the issuer is https, and its ${name} is ${url.origin}`, cause, fix))
    } else if (url.hostname !== own.hostname && !(await isFound(world, url.hostname))) {
      const cause = 'The issuer announces an internal name, or one that this machine does not find.'
      findings.push(failed(`the ${name} of the issuer is at ${url.host}, whose name was not found`, cause, fix))
    }
  }
  return findings
}

const isFound = ({ lookup }: World, host: string): Promise<boolean> =>
  isIpAddress(host)
    ? Promise.resolve(true)
    : lookup(host).then(
        () => true,
        () => false,
      )

/** Many issuers do not announce the groups claim and send it all the same: only a token shows it. */
function announcementFinding(warning: CheckError): Finding {
  if (warning.path !== 'issuer.groupsClaim') return findingOf(warning, 'warning')
  return skipped('the groups claim: the issuer does not announce it; the check `groups` finds it in a real token')
}

export const clientCheck: Check = {
  id: 'client',
  title: 'Client',
  needs: ['discovery'],
  async run(world) {
    if (!world.hasSecrets)
      return [skipped('client ID and secret: not checked, because the secrets are not available here')]
    const { clientId, clientAuthentication: method } = world.config.issuer
    const what = method.startsWith('client_secret') ? 'its secret' : `its proof (${method})`
    return withEndpoints(
      world,
      'client ID and secret',
      `the issuer accepts the client ${clientId} and ${what}`,
      clientErrors,
    )
  },
}

export const redirectCheck: Check = {
  id: 'redirect-uri',
  title: 'Redirect URI',
  needs: ['discovery'],
  run(world) {
    const text = `the issuer accepts ${world.config.server.publicUrl}/auth/callback`
    return withEndpoints(world, 'the redirect URI', text, redirectErrors)
  },
}

async function withEndpoints(
  world: World,
  what: string,
  good: string,
  errorsOf: (endpoints: Endpoints, config: Config) => Promise<CheckError[]>,
): Promise<Finding[]> {
  const endpoints = world.metadata && endpointsOf(world.metadata)
  if (endpoints === undefined) return [skipped(`${what}: not checked, because the issuer’s metadata is not available`)]
  const errors = await reachable(() => errorsOf(endpoints, world.config))
  return errors.length === 0 ? [ok(good)] : errors.map((error) => findingOf(error))
}
