import { bareHost } from '../../shared/host.ts'
import { CliError } from '../cli-error.ts'
import { INCORRECT_USE } from './exit-codes.ts'
import type { Place } from './wire/place.ts'

const normal = (host: string) => bareHost(host).toLowerCase().replace(/\.$/, '')

/**
 * Every host that gets a request must be confirmed by its user, word for word: no wildcard, and no exception for this
 * machine, where a forwarded port may lead to a deployment of somebody else.
 * @throws CliError that names all hosts without a confirmation
 */
export function checkConfirmed(places: readonly Pick<Place, 'host'>[], owned: readonly string[]): void {
  const confirmed = new Set(owned.map(normal))
  const missing = [...new Set(places.map(({ host }) => normal(host)))].filter((host) => !confirmed.has(host))
  if (missing.length === 0) return
  const hosts = missing.join(', ')
  const add = missing.map((host) => `--i-own ${host}`).join(' ')
  throw new CliError(
    `nothing was sent: selftest sends attacks, and nobody confirmed that you may test ${hosts}. ` +
      `If ${missing.length === 1 ? 'this host is' : 'these hosts are'} yours, or you have the permission of the owner, add ${add}`,
    { exitCode: INCORRECT_USE },
  )
}
