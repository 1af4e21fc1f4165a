import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { checkout } from './directories.ts'
import { freePort } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'
import { ensureVenv } from './venv.ts'

const REQUIREMENTS = ['requirements.txt', 'requirements-no-deps.txt'].map((name) =>
  join(checkout, 'infra', 'mlflow', name),
)

/**
 * Installs the pinned MLflow server into a virtual environment. Resolves to its directory.
 * Every wheel is checked against the hashes in `infra/mlflow`. @throws PartMissing
 */
export function ensureMlflow(progress: Progress = toStderr): Promise<string> {
  return ensureVenv({ name: 'mlflow', title: 'MLflow', megabytes: 130, requirements: REQUIREMENTS }, progress)
}

export interface MlflowOptions {
  /** Default: a free port. */
  readonly port?: number
  /** Database, artifacts and log. */
  readonly dir: string
  /** Whether to enable workspaces, one per project. Default: true. */
  readonly workspaces?: boolean
  /** MLflow's `--app-name`. Default: none, so that only the gateway authorizes requests. */
  readonly appName?: string
  /** URL of the database. Default: a file in `dir`. */
  readonly database?: string
  /** Where artifacts are stored. Default: a folder in `dir`. */
  readonly artifacts?: string
  readonly env?: Record<string, string>
  readonly progress?: Progress
}

export interface Mlflow extends Background {
  readonly url: string
}

/**
 * Without this rule, a model version may name any bucket that the server can read, and its artifacts are then read with
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
      MLFLOW_WEBHOOK_CACHE_TTL: '0',
      MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: SOURCES,
      PYTHONUNBUFFERED: '1',
      ...options.env,
    },
    readyUrl: `http://${host}/health`,
    readySeconds: 120,
  })
  return { ...background, url: `http://${host}` }
}

function serverArguments(options: MlflowOptions, port: number): string[] {
  const { dir, workspaces = true, appName } = options
  const { database = `sqlite:///${join(dir, 'mlflow.db')}`, artifacts = join(dir, 'artifacts') } = options
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
    ...['--allowed-hosts', `127.0.0.1:${port}`],
    ...['--backend-store-uri', database],
    ...['--serve-artifacts', '--artifacts-destination', artifacts],
    ...(workspaces ? ['--enable-workspaces'] : []),
    ...(appName === undefined ? [] : ['--app-name', appName]),
  ]
}
