import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { ensureDebian } from './debian.ts'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const VERSION = 'v1.8.0'

/**
 * Builds VersityGW once: an S3 server that keeps objects in a folder and checks every signature. Resolves to the path of
 * the program. @throws PartMissing
 */
export async function ensureObjectStore(progress: Progress = toStderr): Promise<string> {
  const folder = partsDirectory(`versitygw-${VERSION}`)
  const program = join(folder, 'versitygw')
  if (existsSync(program)) return program
  await ensureDebian([{ command: 'go', debianPackage: 'golang-go' }], progress)
  return await withLock('versitygw', progress, async () => {
    progress('building VersityGW (once)')
    const env = { GOBIN: folder }
    const { ok, tail } = await run('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], { env })
    if (!ok)
      throw new PartMissing(`VersityGW could not be built. It needs Go and access to the Go module proxy.\n${tail}`)
    return program
  })
}

export interface ObjectStore {
  /** `s3://` address of an empty bucket. */
  readonly bucket: string
  /** Environment of a program that uses the store. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Starts an S3 server on loopback whose objects are files in `dir`. */
export async function startObjectStore(dir: string): Promise<ObjectStore> {
  const program = await ensureObjectStore()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const bucket = 'artifacts'
  const [buckets, metadata] = [join(dir, 'buckets'), join(dir, 'metadata')]
  mkdirSync(join(buckets, bucket), { recursive: true })
  mkdirSync(metadata)
  const keys = { AWS_ACCESS_KEY_ID: 'tests', AWS_SECRET_ACCESS_KEY: 'secret-of-the-tests' }
  const server = await startBackground({
    name: 'VersityGW',
    command: program,
    args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', metadata, buckets],
    cwd: dir,
    logFile: join(dir, 'object-store.log'),
    env: { ROOT_ACCESS_KEY_ID: keys.AWS_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY: keys.AWS_SECRET_ACCESS_KEY },
    readyUrl: () => isListening(url),
    readySeconds: 60,
  })
  const env = { MLFLOW_S3_ENDPOINT_URL: url, AWS_DEFAULT_REGION: 'us-east-1', ...keys }
  return { bucket: `s3://${bucket}`, env, close: () => server.close() }
}

/** An unsigned request gets 403. */
const isListening = (url: string) =>
  fetch(url).then(
    ({ status }) => status === 403,
    () => false,
  )
