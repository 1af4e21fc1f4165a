import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { CI_CLIENT, CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { ensureMlflowClient, type MlflowClient } from '../../infra/parts/mlflow-client.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { Browser } from '../browser.ts'
import { CommandLine } from '../cli/command-line.ts'
import { startGateway } from '../kit.ts'

/** MLflow's own client through the gateway, by each way that the guide for clients names. */
let dir: string
let issuer: EmbeddedIssuer
let mlflow: Mlflow
let gateway: RunningServer
let python: MlflowClient
let url: string
const logged: Record<string, unknown>[] = []

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'clients-'))
  ;[issuer, mlflow, python] = await Promise.all([startIssuer(), startMlflow({ dir }), ensureMlflowClient()])
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  gateway = await startGateway({
    port,
    issuerUrl: issuer.url,
    upstream: mlflow.url,
    logged,
    config: { issuer: { cliClientId: CLI_CLIENT.id, clockSkewSeconds: 0 } },
    routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' }],
  })
})
after(async () => {
  await gateway.close()
  await Promise.all([mlflow.close(), issuer.close()])
  rmSync(dir, { recursive: true, force: true })
})

async function runPython(script: string, env: Record<string, string>, ...args: string[]): Promise<unknown> {
  const { PATH = '' } = process.env
  const { stdout } = await promisify(execFile)(python.python, [join(import.meta.dirname, script), ...args], {
    cwd: dir,
    env: {
      ...{ PATH, HOME: dir, PYTHONPATH: python.pythonPath },
      ...{ MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0', MLFLOW_DISABLE_TELEMETRY: 'true' },
      ...env,
    },
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

async function machineToken(): Promise<string> {
  const response = await fetch(`${issuer.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${CI_CLIENT.id}:${CI_CLIENT.secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token }: { access_token: string } = JSON.parse(await response.text())
  return token
}

const asMachine = () => ({
  MLFLOW_TRACKING_URI: `${url}/mlflow`,
  MLFLOW_TRACKING_AUTH: 'modelops',
  MODELOPS_GATEWAY: url,
  MODELOPS_PROJECT: ALPHA,
  MODELOPS_CLIENT_ID: CI_CLIENT.id,
  MODELOPS_CLIENT_SECRET: CI_CLIENT.secret,
})

async function homeOfBob(): Promise<string> {
  const cli = new CommandLine(dir)
  const { address, ended } = cli.start('login', '--gateway', url, '--browser', '--no-open')
  const browser = new Browser()
  await browser.submit(await browser.open(await address), { username: 'bob', password: 'bob-pw' })
  assert.equal((await ended).code, 0)
  return dir
}

/** What the issuer calls the service account of the client. */
const MACHINE = 'service-account-ci-service'

const ways: [string, author: string, () => Promise<Record<string, string>>][] = [
  [
    'a token, and the project in MLFLOW_TRACKING_URI',
    MACHINE,
    async () => ({ MLFLOW_TRACKING_URI: `${url}/mlflow/${ALPHA}`, MLFLOW_TRACKING_TOKEN: await machineToken() }),
  ],
  [
    'a token, and the name of the project in MLFLOW_TRACKING_URI',
    MACHINE,
    async () => ({ MLFLOW_TRACKING_URI: `${url}/mlflow/alpha`, MLFLOW_TRACKING_TOKEN: await machineToken() }),
  ],
  [
    'a token and MLFLOW_WORKSPACE',
    MACHINE,
    async () => ({
      MLFLOW_TRACKING_URI: `${url}/mlflow`,
      MLFLOW_TRACKING_TOKEN: await machineToken(),
      MLFLOW_WORKSPACE: ALPHA,
    }),
  ],
  ['the package, with client credentials', MACHINE, async () => asMachine()],
  [
    'the package, with the sign-in of the command line',
    'bob',
    async () => {
      const { MODELOPS_CLIENT_ID: _id, MODELOPS_CLIENT_SECRET: _secret, ...env } = asMachine()
      return { ...env, XDG_CONFIG_HOME: await homeOfBob() }
    },
  ],
]
for (const [index, [way, author, environment]] of ways.entries()) {
  test(`by ${way}: log, register, load, search, trace and delete`, async () => {
    assert.deepEqual(await runPython('session.py', await environment()), {
      author,
      trace_author: author,
      artifact: 'content',
      metric: 0.5,
      version: String(index + 1), // each way registers another version of the same model
      source_scheme: 'models',
      found: 1,
      deleted: 'deleted',
    })
  })
}
async function tokenOf(username: string): Promise<string> {
  const cli = new CommandLine(join(dir, username))
  const { address, ended } = cli.start('login', '--gateway', url, '--browser', '--no-open')
  const browser = new Browser()
  await browser.submit(await browser.open(await address), { username, password: `${username}-pw` })
  assert.equal((await ended).code, 0)
  return (await cli.run('token')).stdout.trim()
}

const denials: [string, () => Promise<Record<string, string>>, RegExp][] = [
  [
    'no project',
    async () => ({ MLFLOW_TRACKING_URI: `${url}/mlflow`, MLFLOW_TRACKING_TOKEN: await tokenOf('dave') }),
    /Set MLFLOW_TRACKING_URI to http:\/\/127\.0\.0\.1:\d+\/mlflow\/<project>\. Your projects: alpha, beta\./,
  ],
  [
    'a project that does not exist',
    async () => ({ MLFLOW_TRACKING_URI: `${url}/mlflow/alhpa`, MLFLOW_TRACKING_TOKEN: await tokenOf('bob') }),
    /The project does not exist, or you are not a member of it\. Set MLFLOW_TRACKING_URI .* Your projects: alpha\./,
  ],
  [
    'the name of a user and a password',
    async () => ({
      MLFLOW_TRACKING_URI: `${url}/mlflow/alpha`,
      MLFLOW_TRACKING_USERNAME: 'bob',
      MLFLOW_TRACKING_PASSWORD: 'bob-pw',
    }),
    /A user name and a password are not accepted here\. Run `modelops-gateway login --gateway http.*MLFLOW_TRACKING_TOKEN/,
  ],
  [
    'no token',
    async () => ({ MLFLOW_TRACKING_URI: `${url}/mlflow/alpha` }),
    /You are not signed in\. Run `modelops-gateway login --gateway http.*MLFLOW_TRACKING_TOKEN/,
  ],
]
for (const [what, environment, text] of denials)
  test(`with ${what}, the error of the Python client says what to set`, async () => {
    const { error, type } = (await runPython('denied.py', await environment())) as { error: string; type: string }
    assert.match(error, text)
    assert.equal(type, 'RestException')
    assert.doesNotMatch(error, /AOA-Project-ID|bob-pw/)
  })

test('a training that outlives many tokens fails no call, and 512 MiB go up and come back unchanged', async (t) => {
  issuer.setAccessTokenSeconds(4)
  t.after(() => issuer.setAccessTokenSeconds(300))
  const outcome = await runPython('training.py', asMachine(), '20', '512')
  const { failures, same, logged: calls, up, down } = outcome as Record<string, number | string[] | boolean>
  assert.deepEqual(failures, [])
  assert.equal(same, true)
  assert.ok(Number(calls) > 100, `${calls} calls`)
  const repeated = logged.filter((line) => line.reason === 'token-invalid').length
  t.diagnostic(`${calls} calls with tokens of 4 s, ${repeated} sent twice; 512 MiB: ${up} MiB/s up, ${down} MiB/s down`)
})

test('MLflow without an app of its own answers on loopback alone: from anywhere else only the gateway leads to it', async () => {
  const { port, hostname } = new URL(mlflow.url)
  assert.equal(await canConnect(hostname, Number(port)), true)
  const others = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, scopeid }) => (scopeid ? `${address}%${scopeid}` : address)),
  )
  for (const address of ['::1', ...others]) assert.equal(await canConnect(address, Number(port)), false, address)
  const nobody = await fetch(`${url}/mlflow/${ALPHA}/api/2.0/mlflow/experiments/search?max_results=1`)
  assert.equal(nobody.status, 401)
})

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 })
    const end = (connected: boolean) => {
      socket.destroy()
      resolve(connected)
    }
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false))
  })
}
