import type { Config } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { issuerErrors, issuerWarnings } from './issuer.ts'
import { whereReachable } from './probe.ts'
import { storeErrors } from './store.ts'
import { upstreamErrors } from './upstreams.ts'

/** What the servers say that the configuration points to; all of them are asked at the same time. */
export async function onlineErrors(config: Config): Promise<CheckError[]> {
  const checks = [
    whereReachable('issuer.url', 'the issuer', () => issuerErrors(config)),
    storeErrors(config),
    upstreamErrors(config),
  ]
  return (await Promise.all(checks)).flat()
}

/** What is worth a look, although everything may work. */
export const onlineWarnings = (config: Config): Promise<CheckError[]> =>
  whereReachable('issuer.url', 'the issuer', () => issuerWarnings(config))
