import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { installDebian } from './debian.ts'
import { checkout, partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { findPython } from './python.ts'
import { run } from './run.ts'

const REQUIREMENTS = ['requirements.txt', 'requirements-no-deps.txt'].map((name) =>
  join(checkout, 'infra', 'mlflow', name),
)

/**
 * Makes sure of a virtual environment with the pinned MLflow server; resolves to its directory.
 * Every wheel is checked against the hashes in `infra/mlflow`. @throws PartMissing
 */
export function ensureMlflow(progress: Progress = toStderr): Promise<string> {
  return withLock('mlflow', progress, async () => {
    const venv = join(partsDirectory('mlflow'), 'venv')
    const stamp = join(venv, 'installed')
    const wanted = requirementsHash()
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return venv
    rmSync(venv, { recursive: true, force: true })
    await makeVenv(venv, progress)
    await installRequirements(venv, progress)
    writeFileSync(stamp, wanted)
    return venv
  })
}

function requirementsHash(): string {
  const hash = createHash('sha256')
  for (const file of REQUIREMENTS) hash.update(readFileSync(file))
  return hash.digest('hex')
}

async function makeVenv(venv: string, progress: Progress): Promise<void> {
  const python = findPython()
  progress('MLflow: making a Python environment')
  if ((await run(python, ['-m', 'venv', venv])).ok) return
  // Debian ships venv as a package of its own.
  rmSync(venv, { recursive: true, force: true })
  await installDebian(['python3-venv'], progress)
  const again = await run(python, ['-m', 'venv', venv])
  if (!again.ok) throw new PartMissing(`${python} -m venv failed.\n${again.tail}`)
}

async function installRequirements(venv: string, progress: Progress): Promise<void> {
  const pins = REQUIREMENTS.join('\n')
  progress('MLflow: downloading about 130 MB of Python packages (once)')
  let collected = 0
  const onLine = (line: string) => {
    if (line.startsWith('Collecting ') && ++collected % 15 === 0) progress(`MLflow: ${collected} packages`)
    if (line.startsWith('Installing collected')) progress(`MLflow: installing ${collected} packages`)
  }
  const files = pins.split('\n').flatMap((file) => ['-r', file])
  const options = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--no-input', '--progress-bar', 'off']
  const result = await run(
    join(venv, 'bin', 'python'),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--retries', '3', ...options, ...files],
    { onLine },
  )
  if (!result.ok) {
    throw new PartMissing(`pip could not install MLflow. Check the network and pip's index setting.\n${result.tail}`)
  }
}

export interface MlflowOptions {
  /** Default: a free port. */
  readonly port?: number
  /** Database, artifacts and log. */
  readonly dir: string
  /** Default true: one workspace a project. */
  readonly workspaces?: boolean
  /** MLflow's `--app-name`. Default none: MLflow checks nobody, the gateway does. */
  readonly appName?: string
  readonly env?: Record<string, string>
  readonly progress?: Progress
}

export interface Mlflow extends Background {
  readonly url: string
}

/**
 * A model version may otherwise name any bucket that the server can read, and its artifacts would then be read with
 * the server's own credentials.
 */
const SOURCES = '^(mlflow-artifacts:/|models:/|runs:/|dummy-source$|prompt-template$)'

/** Starts a real MLflow on loopback and waits until it is healthy. */
export async function startMlflow(options: MlflowOptions): Promise<Mlflow> {
  const venv = await ensureMlflow(options.progress)
  const port = options.port ?? (await freePort())
  const host = `127.0.0.1:${port}`
  mkdirSync(options.dir, { recursive: true })
  const background = await startBackground({
    name: 'MLflow',
    command: join(venv, 'bin', 'python'),
    args: ['-m', 'mlflow', 'server', ...serverArguments(options, port)],
    cwd: options.dir,
    logFile: join(options.dir, 'mlflow.log'),
    env: {
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: SOURCES,
      PYTHONUNBUFFERED: '1',
      ...options.env,
    },
    readyUrl: `http://${host}/health`,
    readySeconds: 120,
  })
  return { ...background, url: `http://${host}` }
}

function serverArguments({ dir, workspaces = true, appName }: MlflowOptions, port: number): string[] {
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
    ...['--allowed-hosts', `127.0.0.1:${port}`],
    ...['--backend-store-uri', `sqlite:///${join(dir, 'mlflow.db')}`],
    ...['--serve-artifacts', '--artifacts-destination', join(dir, 'artifacts')],
    ...(workspaces ? ['--enable-workspaces'] : []),
    ...(appName === undefined ? [] : ['--app-name', appName]),
  ]
}
