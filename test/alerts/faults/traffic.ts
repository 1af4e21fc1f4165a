import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../../infra/issuer/users.ts'
import { startUpstream } from '../../faults/upstream.ts'
import { KIT_PROJECTS } from '../../kit.ts'
import { cookieOf, keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { startPart } from '../lab/http-part.ts'
import { repeat, send } from '../lab/load.ts'
import type { Monitoring } from '../lab/monitoring.ts'

const PROJECTS = 'ModelopsGatewayProjectsUnavailable'
const DENIALS = 'ModelopsGatewayDenialSpike'
const OF_FLAKY = ['ModelopsGatewayUpstreamDown', 'ModelopsGatewayUpstreamErrors']
const OF_SLOW = ['ModelopsGatewayLatency', 'ModelopsGatewayUpstreamQueue']

/**
 * One application resets its connections, another one is slow, the core API does not list the projects, and then a user
 * asks for a project of others.
 */
export const applicationsFail: Scenario = async (folder, parts) => {
  const fault = { coreFails: true, delayMs: 0 }
  const issuer = keep(parts, await startIssuer())
  const good = keep(parts, await startUpstream())
  const flaky = keep(parts, await startUpstream())
  const core = keep(
    parts,
    await startPart((_request, response) => {
      response.statusCode = fault.coreFails ? 500 : 200
      response.end(JSON.stringify({ projects: KIT_PROJECTS }))
    }),
  )
  const slow = keep(
    parts,
    await startPart((_request, response) => void setTimeout(() => response.end('here'), fault.delayMs)),
  )
  const route = (name: string, access: string, upstream: string) => ({
    name,
    app: 'generic',
    path: `/${name}`,
    access,
    upstream,
  })
  const gateway = await GatewayProcess.start(
    { folder, name: 'traffic', issuerUrl: issuer.url, parts },
    {
      projects: { source: 'core', url: core.url, refreshSeconds: 1 },
      limits: { upstreamConnections: 2 },
      routes: [
        route('notes', 'project', good.url),
        route('flaky', 'login', flaky.url),
        // Whoever waits for a connection keeps waiting: if all gave up at the same moment, the queue would be empty then.
        { ...route('slow', 'login', slow.url), connectSeconds: 60 },
      ],
      observability: { projectLabel: 'name' },
    },
  )
  const cookie = await cookieOf(`${gateway.url}/slow/x`, 'bob')
  const ask = (path: string, pauseMs: number, project = ALPHA) =>
    repeat(pauseMs, () => send(`${gateway.url}${path}`, cookie, { 'aoa-project-id': project }))
  parts.defer(ask('/flaky/x', 250).cancel)
  for (let n = 0; n < 6; n += 1) parts.defer(ask('/slow/x', 250).cancel)
  const job = 'traffic-modelops-gateway'

  async function failingUpstreams(monitoring: Monitoring): Promise<void> {
    flaky.resetting = true
    fault.delayMs = 6000
    await Promise.all([...OF_FLAKY, ...OF_SLOW].map((alert) => monitoring.fires(alert, job)))
    flaky.resetting = false
    fault.delayMs = 0
    await Promise.all([...OF_FLAKY, ...OF_SLOW].map((alert) => monitoring.resolves(alert, job)))
  }

  async function projectsAndDenials(monitoring: Monitoring): Promise<void> {
    const member = ask('/notes/x', 500)
    parts.defer(member.cancel)
    await monitoring.fires(PROJECTS, job)
    fault.coreFails = false
    await monitoring.resolves(PROJECTS, job)
    const curious = ask('/notes/x', 150, BETA)
    parts.defer(curious.cancel)
    await monitoring.fires(DENIALS, job, { reason: 'not-in-project' })
    await curious.stop()
    await monitoring.resolves(DENIALS, job)
    await member.stop()
  }

  return {
    job,
    targets: [gateway.target],
    expected: [PROJECTS, DENIALS, ...OF_FLAKY, ...OF_SLOW],
    run: async (monitoring) => void (await Promise.all([failingUpstreams(monitoring), projectsAndDenials(monitoring)])),
  }
}
