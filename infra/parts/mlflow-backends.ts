import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { checkout } from './directories.ts'
import { ensureMlflow } from './mlflow.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { freePort } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'

const REQUIREMENTS = join(checkout, 'infra', 'mlflow', 'requirements-backends.txt')

/** PYTHONPATH under which MLflow finds PostgreSQL's driver and the S3 client, and moto starts. @throws PartMissing */
export function ensureBackends(progress: Progress = toStderr): Promise<string> {
  const installs = [['--require-hashes', '-r', REQUIREMENTS]]
  return ensureOverlay({ name: 'mlflow-backends', installs, stamp: readFileSync(REQUIREMENTS, 'utf8') }, progress)
}

export interface ObjectStore {
  /** `s3://` address of an empty bucket. */
  readonly bucket: string
  /** Environment of a program that uses the store. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Starts moto, which stands in for S3: the real protocol, with objects in memory and no check of signatures. */
export async function startObjectStore(dir: string): Promise<ObjectStore> {
  const packages = await ensureBackends()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startBackground({
    name: 'moto',
    command: join(await ensureMlflow(), 'bin', 'python'),
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    cwd: dir,
    logFile: join(dir, 'moto.log'),
    env: { PYTHONPATH: packages },
    readyUrl: `${url}/moto-api/`,
    readySeconds: 60,
  })
  const bucket = 'artifacts'
  const made = await fetch(`${url}/${bucket}`, { method: 'PUT' })
  if (!made.ok) throw new Error(`moto made no bucket: ${made.status} ${await made.text()}`)
  const env = {
    MLFLOW_S3_ENDPOINT_URL: url,
    ...{ AWS_ACCESS_KEY_ID: 'tests', AWS_SECRET_ACCESS_KEY: 'tests', AWS_DEFAULT_REGION: 'us-east-1' },
  }
  return { bucket: `s3://${bucket}`, env, close: () => server.close() }
}
