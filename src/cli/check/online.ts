import type { Config } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { issuerErrors, issuerWarnings } from './issuer.ts'
import { whereReachable } from './probe.ts'
import { storeErrors } from './store.ts'
import { upstreamErrors, upstreamWarnings } from './upstreams.ts'

/** Errors that show at the servers that the configuration names; all checks run at the same time. */
export async function onlineErrors(config: Config): Promise<CheckError[]> {
  const checks = [
    whereReachable('issuer.url', 'the issuer', () => issuerErrors(config)),
    storeErrors(config),
    upstreamErrors(config),
  ]
  return (await Promise.all(checks)).flat()
}

/** What may be wrong, although it need not be. */
export async function onlineWarnings(config: Config): Promise<CheckError[]> {
  const issuer = whereReachable('issuer.url', 'the issuer', () => issuerWarnings(config))
  return (await Promise.all([issuer, upstreamWarnings(config)])).flat()
}
