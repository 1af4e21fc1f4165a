import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { seedProject } from '../../infra/demo/seed.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { startGateway } from '../kit.ts'
import { startRecorder } from '../recorder.ts'

/** A real MLflow with one experiment in each project, the embedded issuer, the gateway, a second application and a browser. */
export interface World {
  /** Origin of the gateway. */
  readonly url: string
  readonly issuer: EmbeddedIssuer
  readonly mlflow: Mlflow
  readonly browser: Browser
  readonly experiments: { readonly alpha: string; readonly beta: string }
  close(): Promise<void>
}

/** Flags of a Chromium that makes no request of its own. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'world-'))
  const mlflow = await startMlflow({ dir: join(folder, 'mlflow') })
  const seed = (projectId: string, experiment: string) =>
    seedProject(mlflow.url, { projectId, experiment, learningRates: [0.1, 0.3], wobble: 0.2 })
  const alpha = await seed(ALPHA, 'alpha-price-model')
  const beta = await seed(BETA, 'beta-demand-model')
  const port = await freePort()
  const url = `http://localhost:${port}`
  const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url], oneClick: true })
  const lobby = await startRecorder()
  const routes = [
    { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
    { name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: lobby.url, title: 'Lobby' },
  ]
  const gateway = await startGateway({ port, issuerUrl: issuer.url, upstream: mlflow.url, host: 'localhost', routes })
  const browser = await chromium.launch({ executablePath: await ensureChromium(), args: CHROMIUM_FLAGS })
  const close = async () => {
    await browser.close()
    await gateway.close()
    await Promise.all([issuer.close(), mlflow.close(), lobby.close()])
    rmSync(folder, { recursive: true })
  }
  return { url, issuer, mlflow, browser, experiments: { alpha, beta }, close }
}
