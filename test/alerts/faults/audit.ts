import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { startUpstream } from '../../faults/upstream.ts'
import { cookieOf, keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { startPart } from '../lab/http-part.ts'
import { repeat, send } from '../lab/load.ts'

const [FAILING, LOST] = ['ModelopsGatewayAuditSinkFailing', 'ModelopsGatewayAuditEventsLost'] as const
const SINK = { sink: 'collector' }

/** The collector of the audit trail rejects events until the queue is full, and longer. */
export const auditSinkFails: Scenario = async (folder, parts) => {
  const collector = { status: 200 }
  const issuer = keep(parts, await startIssuer())
  const upstream = keep(parts, await startUpstream())
  const sink = keep(
    parts,
    await startPart((request, response) => {
      request.resume()
      response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}')
    }),
  )
  const gateway = await GatewayProcess.start(
    { folder, name: 'audit', issuerUrl: issuer.url, parts },
    {
      audit: {
        reads: 'all',
        queueEvents: 100,
        sinks: [{ type: 'otlp', name: SINK.sink, url: `${sink.url}/v1/logs`, timeoutSeconds: 1 }],
      },
      routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstream.url }],
    },
  )
  const cookie = await cookieOf(`${gateway.url}/lobby/x`, 'alice')
  for (let n = 0; n < 4; n += 1) parts.defer(repeat(50, () => send(`${gateway.url}/lobby/x`, cookie)).cancel)
  const job = 'audit-modelops-gateway'
  return {
    job,
    targets: [gateway.target],
    expected: [FAILING, LOST],
    async run(monitoring) {
      collector.status = 503
      await Promise.all([monitoring.fires(FAILING, job, SINK), monitoring.fires(LOST, job, SINK)])
      collector.status = 200
      await Promise.all([monitoring.resolves(FAILING, job), monitoring.resolves(LOST, job)])
    },
  }
}
