import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CI_CLIENT, CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureClients } from '../../infra/parts/clients.ts'
import { type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { Browser } from '../browser.ts'
import { CommandLine } from '../cli/command-line.ts'
import { startGateway } from '../kit.ts'
import { type Cluster, startCluster } from './cluster.ts'

/** What a client needs to be tried: the embedded issuer, a cluster’s issuer, a real MLflow, and the gateway before it. */
export interface World {
  /** Empty folder: home and working directory of the clients. */
  readonly dir: string
  /** Public URL of the gateway. */
  readonly url: string
  readonly issuer: EmbeddedIssuer
  readonly cluster: Cluster
  readonly mlflow: Mlflow
  /** Folder of the Python clients’ programs. */
  readonly bin: string
  readonly logged: readonly Record<string, unknown>[]
  /** Runs a program with this environment and nothing else. Resolves to what it printed. Rejects if it fails. */
  run(program: string, args: readonly string[], env?: Record<string, string>): Promise<string>
  /** Runs a Python script of this folder. Resolves to the JSON of its last line. */
  python(script: string, env: Record<string, string>, ...args: string[]): Promise<unknown>
  /** An access token of a user, from the command line. */
  tokenOf(username: string): Promise<string>
  /** An access token of the machine `ci-service`. */
  machineToken(): Promise<string>
  close(): Promise<void>
}

/** Group of the pods of `team-a`; `team-b` is the namespace of a project in which they are not. */
const TRAINER = { 'system:serviceaccount:team-a:trainer': ['project-alpha'] }
/** MLflow’s AI gateway otherwise calls model providers by https alone, and none at a private address. */
const PROVIDERS_ON_LOOPBACK = {
  MLFLOW_GATEWAY_API_BASE_ALLOWED_SCHEMES: 'http',
  MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: 'true',
}
export const CLUSTER_AUDIENCE = 'modelops-gateway'

export async function startWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'clients-'))
  const [issuer, cluster, mlflow, bin] = await Promise.all([
    startIssuer(),
    startCluster(),
    startMlflow({ dir: join(dir, 'mlflow'), env: PROVIDERS_ON_LOOPBACK }),
    ensureClients(),
  ])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const logged: Record<string, unknown>[] = []
  const additional = [{ url: cluster.url, audiences: [CLUSTER_AUDIENCE], groups: TRAINER }]
  const namespaces = { 'team-a': ALPHA, 'team-b': BETA }
  const gateway = await startGateway({
    ...{ port, issuerUrl: issuer.url, upstream: mlflow.url, logged },
    config: { issuer: { cliClientId: CLI_CLIENT.id, clockSkewSeconds: 0, additional } },
    routes: [
      {
        ...{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', basicCredentials: true },
        mlflow: { namespaces },
      },
    ],
  })
  const run: World['run'] = async (program, args, env = {}) => {
    const { PATH = '' } = process.env
    const own = { PATH, HOME: dir, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0', MLFLOW_DISABLE_TELEMETRY: 'true' }
    const { stdout } = await promisify(execFile)(program, args, { cwd: dir, env: { ...own, ...env } })
    return stdout
  }
  return {
    ...{ dir, url, issuer, cluster, mlflow, bin, logged, run },
    async python(script, env, ...args) {
      const printed = await run(join(bin, 'python'), [join(import.meta.dirname, script), ...args], env)
      return JSON.parse(printed.trim().split('\n').at(-1) ?? '')
    },
    async tokenOf(username) {
      const cli = new CommandLine(join(dir, username))
      const { address, ended } = cli.start('login', '--gateway', url, '--browser', '--no-open')
      const browser = new Browser()
      await browser.submit(await browser.open(await address), { username, password: `${username}-pw` })
      await ended
      return (await cli.run('token')).stdout.trim()
    },
    async machineToken() {
      const authorization = `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}`
      const body = new URLSearchParams({ grant_type: 'client_credentials' })
      const response = await fetch(`${issuer.url}/token`, { method: 'POST', headers: { authorization }, body })
      return (JSON.parse(await response.text()) as { access_token: string }).access_token
    },
    async close() {
      await gateway.close()
      await Promise.all([mlflow.close(), issuer.close(), cluster.close()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
