import { CliError } from '../cli-error.ts'
import type { Check } from './check.ts'
import { clockCheck } from './checks/clock.ts'
import { cookiesCheck } from './checks/cookies.ts'
import { dnsCheck } from './checks/dns.ts'
import { filesCheck } from './checks/files.ts'
import { groupsCheck } from './checks/groups.ts'
import { clientCheck, discoveryCheck, redirectCheck } from './checks/issuer.ts'
import { logoutCheck } from './checks/logout.ts'
import { proxyCheck } from './checks/proxy.ts'
import { readyCheck } from './checks/ready.ts'
import { storeCheck } from './checks/store.ts'
import { tlsCheck } from './checks/tls.ts'
import { upstreamsCheck } from './checks/upstreams.ts'

/** In the order in which a person would check: what others depend on comes first. */
export const CHECKS: readonly Check[] = [
  filesCheck,
  dnsCheck,
  tlsCheck,
  clockCheck,
  discoveryCheck,
  clientCheck,
  redirectCheck,
  logoutCheck,
  groupsCheck,
  storeCheck,
  upstreamsCheck,
  cookiesCheck,
  proxyCheck,
  readyCheck,
]

export const IDS = CHECKS.map(({ id }) => id)

/**
 * The checks that were chosen, in order, with those whose results they use.
 * @throws CliError for a name that no check has
 */
export function chosen({ only, skip }: { only?: readonly string[]; skip?: readonly string[] }): Check[] {
  for (const name of [...(only ?? []), ...(skip ?? [])]) {
    if (!IDS.includes(name)) throw new CliError(`expected one of ${IDS.join(', ')}, got "${name}"`)
  }
  const wanted = only === undefined ? new Set(IDS) : withNeeds(only)
  return CHECKS.filter(({ id }) => wanted.has(id) && !skip?.includes(id))
}

function withNeeds(ids: readonly string[]): Set<string> {
  const found = new Set<string>()
  const add = (id: string) => {
    if (found.has(id)) return
    found.add(id)
    for (const need of CHECKS.find((check) => check.id === id)?.needs ?? []) add(need)
  }
  for (const id of ids) add(id)
  return found
}
