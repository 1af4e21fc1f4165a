import { bareHost, isIpAddress } from '../../../shared/host.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, warning } from '../finding.ts'
import { isPlaceholder, type Place, placesIn } from '../hosts.ts'
import type { World } from '../world.ts'

const TIMEOUT_MS = 5000

export const dnsCheck: Check = {
  id: 'dns',
  title: 'DNS',
  async run(world) {
    const byHost = new Map<string, Place[]>()
    for (const place of placesIn(world.config)) {
      if (!world.hasSecrets && isPlaceholder(place.host)) {
        world.blocked.set(place.host, 'its address is not available here')
      } else if (!isIpAddress(place.host)) byHost.set(place.host, [...(byHost.get(place.host) ?? []), place])
    }
    if (byHost.size === 0) return [ok('the configuration names addresses alone')]
    return await Promise.all([...byHost].map(([host, places]) => findingFor(world, host, places)))
  },
}

async function findingFor(world: World, host: string, places: readonly Place[]): Promise<Finding> {
  const keys = [...new Set(places.flatMap((place) => place.keys))].join(', ')
  try {
    const addresses = await inTime(world.lookup(bareHost(host)))
    return ok(`${host} is ${addresses.map(({ address }) => address).join(', ')} (${keys})`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no result in time'
    world.blocked.set(host, `the name ${host} was not found`)
    const text = `${host}: the name was not found (${code}; ${keys})`
    const cause =
      code === 'ENOTFOUND'
        ? 'The name is misspelled, or it has no DNS record that this machine sees.'
        : 'The DNS server of this machine did not respond.'
    if (places.every(({ isPublic }) => isPublic)) {
      const fix = 'Create the DNS record. If browsers find the name and only this machine does not, ignore this.'
      return warning(text, cause, fix)
    }
    return failed(text, cause, 'Correct the name, create the DNS record, or correct /etc/resolv.conf of this machine.')
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('late')), TIMEOUT_MS)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
