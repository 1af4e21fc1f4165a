import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { Browser } from '../../browser.ts'
import { signIn } from '../../kit.ts'
import { keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { repeat } from '../lab/load.ts'

/** The issuer grants no tokens, and sends no groups where it does. */
export const signInsFail: Scenario = async (folder, parts) => {
  const issuer = keep(parts, await startIssuer())
  const gateway = await GatewayProcess.start(
    { folder, name: 'sign-ins', issuerUrl: issuer.url, parts },
    {
      routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: 'http://127.0.0.1:1' }],
    },
  )
  const enter = (username: string) => signIn(new Browser(), `${gateway.url}/`, username)
  const job = 'sign-ins-modelops-gateway'
  const alerts = ['ModelopsGatewaySignInsFailing', 'ModelopsGatewaySignInsWithoutProject']
  return {
    job,
    targets: [gateway.target],
    // A token endpoint that fails may count as an issuer that is down; and the failed sign-ins are requests that failed.
    expected: [...alerts, 'ModelopsGatewayIssuerDown', 'ModelopsGatewayUpstreamErrors'],
    async run(monitoring) {
      const failing = repeat(300, async () => {
        await enter('erin') // a user without a group
        issuer.tokenEndpoint = 'server-error'
        await Promise.all([enter('bob'), enter('carol')]).finally(() => {
          issuer.tokenEndpoint = 'normal'
        })
      })
      parts.defer(failing.cancel)
      await Promise.all(alerts.map((alert) => monitoring.fires(alert, job)))
      await failing.stop()
      const working = repeat(300, () => enter('bob'))
      parts.defer(working.cancel)
      await Promise.all(alerts.map((alert) => monitoring.resolves(alert, job)))
      await working.stop()
    },
  }
}
