import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../issuer/issuer.ts'
import { ALPHA, BETA } from '../issuer/users.ts'
import { ensureClientWheel } from '../package/client-wheel.ts'
import { type Background, startBackground } from '../parts/background.ts'
import { checkout } from '../parts/directories.ts'
import { ensureMlflow, type Mlflow, startMlflow } from '../parts/mlflow.ts'
import { PartMissing } from '../parts/progress.ts'
import { startDemoCore } from './core.ts'
import { type Seed, seedProject } from './seed.ts'
import { checkPorts, type DemoSettings, loadSettings } from './settings.ts'
import { startUi } from './ui-server.ts'

/** `npm run demo`: issuer, MLflow, core API, its user interface and gateway on loopback until Ctrl-C. */

const SEEDS: readonly Seed[] = [
  { projectId: ALPHA, experiment: 'alpha-price-model', learningRates: [0.05, 0.2, 0.5], wobble: 0.2 },
  { projectId: BETA, experiment: 'beta-demand-model', learningRates: [0.1, 0.4], wobble: 0.6 },
]

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Everything that was started. All parts stop at the same time, because each waits seconds for its connections. */
const running: { close(): Promise<void> }[] = []

async function main(): Promise<void> {
  const began = performance.now()
  const settings = loadSettings(process.env)
  await checkPorts(settings)
  await ensureMlflow()
  await ensureClientWheel()
  say('Starting the issuer, MLflow, the core API and the gateway ...')
  const issuer = await startDemoIssuer(settings)
  const [mlflow, core, gateway] = await Promise.all([
    startSeededMlflow(settings),
    startCore(settings, issuer),
    startGateway(settings, issuer),
    startUserInterface(settings),
  ])
  const programs = { MLflow: mlflow, 'The core API': core, 'The gateway': gateway }
  for (const [name, { stopped }] of Object.entries(programs)) {
    stopped.then(() => stop(1, `${name} stopped unexpectedly. Its log is in ${settings.directory}.`))
  }
  say(welcome(settings, (performance.now() - began) / 1000))
}

const urlOfGateway = ({ gatewayPort }: DemoSettings) => `http://localhost:${gatewayPort}`

async function startDemoIssuer(settings: DemoSettings): Promise<EmbeddedIssuer> {
  const { issuerPort, directory } = settings
  const gatewayUrl = urlOfGateway(settings)
  const issuer = await startIssuer({
    port: issuerPort,
    host: 'localhost',
    gatewayUrls: [gatewayUrl],
    oneClick: true,
    directory: join(directory, 'issuer'),
  })
  issuer.setBackchannelLogoutUrl(`${gatewayUrl}/auth/backchannel-logout`)
  running.push(issuer)
  return issuer
}

async function startSeededMlflow({ mlflowPort, directory }: DemoSettings): Promise<Mlflow> {
  const mlflow = await startMlflow({ port: mlflowPort, dir: join(directory, 'mlflow') })
  running.push(mlflow)
  // One after the other: the tutorial names the experiment of alpha by its number.
  for (const seed of SEEDS) await seedProject(mlflow.url, seed)
  return mlflow
}

async function startCore(settings: DemoSettings, issuer: EmbeddedIssuer): Promise<Background> {
  const core = await startDemoCore(settings, urlOfGateway(settings), issuer.url)
  running.push(core)
  return core
}

async function startUserInterface(settings: DemoSettings): Promise<void> {
  const gateway = urlOfGateway(settings)
  running.push(await startUi({ port: settings.uiPort, api: `${gateway}/core`, gateway }))
}

async function startGateway(settings: DemoSettings, issuer: EmbeddedIssuer): Promise<Background> {
  const gateway = await startBackground({
    name: 'The gateway',
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(checkout, 'src', 'cli', 'main.ts'),
      ...['serve', '--config', join(checkout, 'config', 'demo.yaml')],
    ],
    env: {
      DEMO_PORT: String(settings.gatewayPort),
      DEMO_ISSUER_URL: issuer.url,
      DEMO_CLIENT_SECRET: GATEWAY_CLIENT.secret,
      DEMO_SESSION_SECRET: settings.sessionSecret,
      DEMO_DIRECTORY: settings.directory,
      DEMO_MLFLOW_URL: `http://127.0.0.1:${settings.mlflowPort}`,
      DEMO_CORE_URL: `http://127.0.0.1:${settings.corePort}`,
      DEMO_UI_PORT: String(settings.uiPort),
    },
    logFile: join(settings.directory, 'gateway.log'),
    readyUrl: `http://127.0.0.1:${settings.gatewayPort}/readyz`,
    readySeconds: 30,
  })
  running.push(gateway)
  return gateway
}

const welcome = ({ gatewayPort, uiPort, directory }: DemoSettings, seconds: number) => `
Ready after ${seconds.toFixed(1)} s:  http://localhost:${gatewayPort}/mlflow/

  alice   administrator of all projects
  bob     project alpha
  carol   project beta
  dave    both projects
  erin    no project

Click a user to sign in; each password is NAME-pw. A link into project alpha:
  http://localhost:${gatewayPort}/mlflow/${ALPHA}/

Sign in from Python or a terminal: http://localhost:${gatewayPort}/auth/clients/

The user interface of the core API, on another origin with the same session:
  http://localhost:${uiPort}/

Logs and data: ${directory}. Press Ctrl-C to stop everything.`

let stopping = false

async function stop(exitCode: number, why: string): Promise<void> {
  if (stopping) return
  stopping = true
  say(`\n${why}`)
  await Promise.all(running.map((each) => each.close()))
  process.exit(exitCode)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(0, 'Stopping ...'))
}

main().catch((error: unknown) => {
  const why = error instanceof PartMissing || error instanceof Error ? error.message : String(error)
  return stop(1, `The demo could not start.\n${why}`)
})
