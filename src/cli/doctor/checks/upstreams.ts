import ipaddr from 'ipaddr.js'
import { ownOrigins } from '../../../gateway/config/origins.ts'
import type { RouteConfig } from '../../../gateway/config/schema.ts'
import { bareHost } from '../../../shared/host.ts'
import { whereReachable } from '../../check/probe.ts'
import type { Upstream } from '../../check/upstream.ts'
import { applicationErrors, applicationNote, applicationWarnings, upstreamsIn } from '../../check/upstreams.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, findingOf, ok, warning } from '../finding.ts'
import { blockedFinding, type World } from '../world.ts'

export const upstreamsCheck: Check = {
  id: 'upstreams',
  title: 'Applications',
  needs: ['dns', 'tls'],
  async run(world) {
    const found = upstreamsIn(world.config).map(({ route, upstream }) => upstreamFindings(world, route, upstream))
    return (await Promise.all(found)).flat()
  },
}

async function upstreamFindings(world: World, route: RouteConfig, upstream: Upstream): Promise<Finding[]> {
  const loop = loopFinding(world, upstream)
  if (loop) return [loop]
  const blocked = blockedFinding(world, upstream.url, `route ${route.name}`)
  if (blocked) return [blocked]
  let note: string | undefined
  const errors = await whereReachable(upstream.path, 'the application', async () => {
    const wrong = await applicationErrors(route, upstream)
    if (wrong.length === 0) note = await applicationNote(route, upstream)
    return wrong
  })
  if (errors.length > 0) return errors.map((error) => findingOf(error))
  const doubts = await whereReachable(upstream.path, 'the application', () => applicationWarnings(route, upstream))
  return [
    ok(note ?? `route ${route.name}: the application responds`),
    ...doubts.map((doubt) => findingOf(doubt, 'warning')),
    ...(await bypassFindings(world, route, upstream)),
  ]
}

/** An upstream that is the gateway itself never ends. */
function loopFinding({ config }: World, { path, url }: Upstream): Finding | undefined {
  if (!ownOrigins(config).includes(new URL(url).origin)) return undefined
  const cause = 'The upstream is the public address of the gateway, not the address of the application behind it.'
  return failed(
    `${path}: the gateway would forward requests to itself`,
    cause,
    'Name the internal address of the application.',
  )
}

/** Whether others than the gateway may reach the application. Only a public address is a sign that can be seen from here. */
async function bypassFindings({ lookup }: World, route: RouteConfig, { path, url }: Upstream): Promise<Finding[]> {
  const host = bareHost(new URL(url).hostname)
  const addresses = ipaddr.isValid(host) ? [host] : (await lookup(host).catch(() => [])).map(({ address }) => address)
  const open = addresses.filter((address) => ipaddr.process(address).range() === 'unicast')
  if (open.length === 0) return []
  const text = `${path}: ${host} has a public address (${open.join(', ')}): users may reach ${route.name} without the gateway`
  const cause = 'The application listens on the internet, or its name leads to a load balancer that does.'
  return [
    warning(text, cause, 'Allow connections to the application from the gateway alone (firewall, network policy).'),
  ]
}
