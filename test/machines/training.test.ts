import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { ensureMlflowClient, type MlflowClient } from '../../infra/parts/mlflow-client.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'

/** Duration of the training and lifetime of a token, in seconds. Longer runs are configured in the environment. */
const TRAINING_SECONDS = Number(process.env.MODELOPS_TRAINING_SECONDS ?? 60)
const TOKEN_SECONDS = Number(process.env.MODELOPS_TRAINING_TOKEN_SECONDS ?? 15)

let dir: string
let issuer: EmbeddedIssuer
let mlflow: Mlflow
let gateway: RunningServer
let python: MlflowClient
let url: string
const logged: Record<string, unknown>[] = []

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'training-'))
  const starting = [
    startIssuer({ accessTokenSeconds: TOKEN_SECONDS }),
    startMlflow({ dir }),
    ensureMlflowClient(),
  ] as const
  ;[issuer, mlflow, python] = await Promise.all(starting)
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  gateway = await startGateway({
    port,
    issuerUrl: issuer.url,
    upstream: mlflow.url,
    logged,
    config: { issuer: { clockSkewSeconds: 0 } },
    routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', basicCredentials: true }],
  })
})
after(async () => {
  await gateway?.close()
  await Promise.all([mlflow?.close(), issuer?.close()])
  rmSync(dir, { recursive: true, force: true })
})

const byBasic = () => ({
  MLFLOW_TRACKING_URI: `${url}/mlflow/${ALPHA}`,
  MLFLOW_TRACKING_USERNAME: CI_CLIENT.id,
  MLFLOW_TRACKING_PASSWORD: CI_CLIENT.secret,
})
const byProvider = () => ({
  MLFLOW_TRACKING_URI: `${url}/mlflow`,
  MLFLOW_TRACKING_AUTH: 'modelops',
  MODELOPS_GATEWAY: url,
  MODELOPS_PROJECT: ALPHA,
  MODELOPS_CLIENT_ID: CI_CLIENT.id,
  MODELOPS_CLIENT_SECRET: CI_CLIENT.secret,
})

interface Outcome {
  readonly calls: number
  readonly failures: readonly string[]
  readonly stored: number
}

/** @param pythonPath Folder of the plug-in. Undefined for the unmodified client. */
async function train(name: string, env: Record<string, string>, pythonPath?: string): Promise<Outcome> {
  const script = join(import.meta.dirname, 'training.py')
  const { stdout } = await promisify(execFile)(python.python, [script, String(TRAINING_SECONDS), name], {
    cwd: dir,
    env: {
      ...{ PATH: process.env.PATH, HOME: dir },
      ...{ MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0', MLFLOW_DISABLE_TELEMETRY: 'true' },
      ...(pythonPath !== undefined && { PYTHONPATH: pythonPath }),
      ...env,
    },
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

test('trainings that outlast many tokens fail no call, with Basic credentials and with the client package', {
  timeout: (TRAINING_SECONDS + 120) * 1000,
}, async (t) => {
  const [old, fresh] = await Promise.all([
    train('by-basic', byBasic()),
    train('by-provider', byProvider(), python.pythonPath),
  ])
  for (const { calls, failures, stored } of [old, fresh]) {
    assert.deepEqual(failures, [])
    assert.equal(stored, calls)
    assert.ok(calls > TRAINING_SECONDS / 4, `${calls} calls`)
  }
  const denied = logged.filter(({ event }) => event === 'refused').map(({ reason }) => reason)
  t.diagnostic(
    `tokens of ${TOKEN_SECONDS} s for ${TRAINING_SECONDS} s: ${old.calls} calls by Basic, ${fresh.calls} by the package; denied: ${JSON.stringify(denied)}`,
  )
})

test('an unmodified client with a wrong password gets an error in MLflow’s format', async () => {
  const wrong = { ...byBasic(), MLFLOW_TRACKING_PASSWORD: 'not-the-secret' }
  await assert.rejects(train('wrong', wrong), (error: Error & { stderr?: string }) => {
    assert.match(String(error.stderr), /UNAUTHENTICATED: The access token is not valid\. Send the ID and the secret/)
    return true
  })
})
