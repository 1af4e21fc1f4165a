import { join } from 'node:path'
import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { startUpstream } from '../../faults/upstream.ts'
import { cookieOf, keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { repeat, send } from '../lab/load.ts'

const SESSIONS = 8
const TOKEN_SECONDS = 4

/** The issuer stops while tokens expire, and starts again with everything it knew. */
export const issuerStops: Scenario = async (folder, parts) => {
  const directory = join(folder, 'issuer')
  let issuer = await startIssuer({ directory, accessTokenSeconds: TOKEN_SECONDS })
  parts.defer(() => issuer.close())
  const port = Number(new URL(issuer.url).port)
  const upstream = keep(parts, await startUpstream())
  const gateway = await GatewayProcess.start(
    { folder, name: 'issuer', issuerUrl: issuer.url, parts },
    {
      session: { refreshBeforeSeconds: 0 },
      routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstream.url }],
    },
  )
  const page = `${gateway.url}/lobby/x`
  for (let n = 0; n < SESSIONS; n += 1) {
    const cookie = await cookieOf(page, 'alice')
    parts.defer(repeat(500, () => send(page, cookie)).cancel)
  }
  const job = 'issuer-modelops-gateway'
  const expected = ['ModelopsGatewayIssuerDown', 'ModelopsGatewayRefreshFailures']
  return {
    job,
    targets: [gateway.target],
    expected,
    async run(monitoring) {
      await issuer.close()
      await Promise.all(expected.map((alert) => monitoring.fires(alert, job)))
      issuer = await startIssuer({ directory, port, accessTokenSeconds: TOKEN_SECONDS })
      await Promise.all(expected.map((alert) => monitoring.resolves(alert, job)))
    },
  }
}
