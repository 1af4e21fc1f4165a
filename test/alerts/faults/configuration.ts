import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../../../infra/issuer/clients.ts'
import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { cookieOf, keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { startPart } from '../lab/http-part.ts'
import { repeat, send } from '../lab/load.ts'
import { startTlsServer } from '../lab/tls-server.ts'

const [RELOAD, SECRET, CERTIFICATE, RELEASE] = [
  'ModelopsGatewayReloadFailed',
  'ModelopsGatewaySecretNotLoaded',
  'ModelopsGatewayCertificateExpiry',
  'ModelopsGatewayUnknownRelease',
] as const

const KNOWN = '3.18.0'

/**
 * Certificates of two applications expire soon, MLflow was upgraded to an unknown release, a secret was rotated, and the
 * configuration has an error. One good reload mends all of it.
 */
export const somethingIsForgotten: Scenario = async (folder, parts) => {
  const state = { release: KNOWN }
  const issuer = keep(parts, await startIssuer())
  const mlflow = keep(parts, await startPart((_request, response) => void response.end(state.release)))
  const soon = keep(parts, await startTlsServer(folder, 'soon', 90))
  const sooner = keep(parts, await startTlsServer(folder, 'sooner', 90))
  const secret = join(folder, 'client-secret')
  writeFileSync(secret, GATEWAY_CLIENT.secret)
  const generic = { app: 'generic', access: 'login' }
  const change = {
    issuer: { clientSecret: `\${file:${secret}}` },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', upstream: mlflow.url },
      { ...generic, name: 'soon', path: '/soon', upstream: soon.url },
      { ...generic, name: 'sooner', path: '/sooner', upstream: sooner.url },
    ],
  }
  const gateway = await GatewayProcess.start({ folder, name: 'configuration', issuerUrl: issuer.url, parts }, change)
  const cookie = await cookieOf(`${gateway.url}/`, 'bob')
  // The release is read when a request needs it.
  parts.defer(repeat(500, () => send(`${gateway.url}/mlflow/alpha/`, cookie)).cancel)
  /** @param title A changed route reads the release of its application again. */
  const reload = (title: string) => {
    gateway.write({ routes: change.routes.map((route) => ({ ...route, title })) })
    gateway.signal('SIGHUP')
  }
  const job = 'configuration-modelops-gateway'
  return {
    job,
    targets: [gateway.target],
    expected: [RELOAD, SECRET, CERTIFICATE, RELEASE, 'ModelopsGatewayUpstreamErrors'],
    async run(monitoring) {
      state.release = '99.1.0'
      await Promise.all([soon.certify(5), sooner.certify(1)])
      reload('MLflow, upgraded') // the gateway looks at certificates and releases again
      const warning = { severity: 'warning', endpoint: soon.url }
      const critical = { severity: 'critical', endpoint: sooner.url }
      await monitoring.settled(`modelops_gateway_certificate_expiry_timestamp_seconds{job="${job}"} - time() < 86400`)
      gateway.spoil('routes: [')
      utimesSync(secret, new Date(), new Date(Date.now() + 1000))
      gateway.signal('SIGHUP')
      await Promise.all([
        monitoring.fires(RELOAD, job),
        monitoring.fires(SECRET, job, { key: 'issuer.clientSecret' }),
        monitoring.fires(CERTIFICATE, job, warning),
        monitoring.fires(CERTIFICATE, job, critical),
        monitoring.fires(RELEASE, job, { release: '99.1.0', route: 'mlflow' }),
      ])
      state.release = KNOWN
      await Promise.all([soon.certify(90), sooner.certify(90)])
      reload('MLflow')
      await Promise.all([RELOAD, SECRET, CERTIFICATE, RELEASE].map((alert) => monitoring.resolves(alert, job)))
    },
  }
}
