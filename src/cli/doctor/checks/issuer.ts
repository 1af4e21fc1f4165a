import type { Config } from '../../../gateway/config/schema.ts'
import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { clientErrors } from '../../check/client.ts'
import type { Endpoints } from '../../check/endpoints.ts'
import { announcementWarnings, discoverIssuer, endpointsOf } from '../../check/issuer.ts'
import { whereReachable } from '../../check/probe.ts'
import { redirectErrors } from '../../check/redirect-uri.ts'
import type { Check } from '../check.ts'
import { type Finding, findingOf, ok, skipped } from '../finding.ts'
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
    const warnings = announcementWarnings(world.metadata, config.issuer).map((each) => findingOf(each, 'warning'))
    return [ok(`the metadata names ${config.issuer.url}`), ...warnings]
  },
}

export const clientCheck: Check = {
  id: 'client',
  title: 'Client',
  needs: ['discovery'],
  async run(world) {
    if (!world.hasSecrets)
      return [skipped('client ID and secret: not checked, because the secrets are not available here')]
    const text = `the issuer accepts the client ${world.config.issuer.clientId} and its secret`
    return withEndpoints(world, 'client ID and secret', text, clientErrors)
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
