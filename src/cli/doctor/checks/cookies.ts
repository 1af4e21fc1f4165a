import { cookieErrors } from '../../../gateway/config/checks/cookie.ts'
import { ownOrigins } from '../../../gateway/config/origins.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, findingOf, ok } from '../finding.ts'

export const cookiesCheck: Check = {
  id: 'cookies',
  title: 'Cookie',
  run({ config }): Finding[] {
    const { cookie, server } = config
    const errors = cookieErrors(cookie, server)
    if (errors.length > 0) return errors.map((error) => findingOf(error))
    const publicHost = new URL(server.publicUrl).hostname
    const domain = cookie.domain?.replace(/^\./, '')
    const hosts = [...new Set(ownOrigins(config).map((origin) => new URL(origin).hostname))]
    const without = hosts.filter((host) => !isCovered(host, publicHost, domain))
    if (without.length > 0) return [notCovered(without, publicHost, domain)]
    return [ok(`the session cookie reaches ${hosts.join(', ')}${domain === undefined ? '' : ` (domain ${domain})`}`)]
  },
}

/** RFC 6265 §5.1.3; a cookie without a domain is for its host alone. */
const isCovered = (host: string, publicHost: string, domain: string | undefined) =>
  domain === undefined ? host === publicHost : host === domain || host.endsWith(`.${domain}`)

function notCovered(hosts: readonly string[], publicHost: string, domain: string | undefined): Finding {
  const text = `the session cookie does not reach ${hosts.join(', ')}: browsers sign in there again and again`
  const cause =
    domain === undefined
      ? `Without cookie.domain the cookie is for ${publicHost} alone, and routes have other hosts.`
      : `cookie.domain is ${domain}, and these hosts are not below it.`
  const fix = 'Set cookie.domain to the parent domain of all hosts, or give the routes hosts below one domain.'
  return failed(text, cause, fix)
}
