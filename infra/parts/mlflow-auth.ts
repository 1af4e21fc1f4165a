import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './directories.ts'
import { type Mlflow, startMlflow } from './mlflow.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { type Progress, toStderr } from './progress.ts'

const REQUIREMENTS = join(checkout, 'infra', 'mlflow', 'requirements-auth.txt')

/**
 * Starts a real MLflow with its own basic-auth app, as before a migration.
 * @param options `ini`: its `basic_auth.ini`
 */
export async function startBasicAuthMlflow(options: {
  dir: string
  ini: string
  workspaces?: boolean
  progress?: Progress
}): Promise<Mlflow> {
  const packages = await ensureOverlay(
    {
      name: 'mlflow-auth',
      installs: [['--require-hashes', '-r', REQUIREMENTS]],
      stamp: readFileSync(REQUIREMENTS, 'utf8'),
    },
    options.progress ?? toStderr,
  )
  return await startMlflow({
    ...options,
    appName: 'basic-auth',
    env: {
      PYTHONPATH: packages,
      MLFLOW_AUTH_CONFIG_PATH: options.ini,
      MLFLOW_FLASK_SERVER_SECRET_KEY: 'signs the forms of a server that lives for one test',
    },
  })
}
