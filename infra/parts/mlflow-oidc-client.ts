import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './directories.ts'
import { ensureMlflow } from './mlflow.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { type Progress, toStderr } from './progress.ts'

const REQUIREMENTS = join(checkout, 'infra', 'clients', 'requirements-oidc.txt')

/** Installs `mlflow-oidc-client` beside MLflow. Resolves to the interpreter and its PYTHONPATH. @throws PartMissing */
export async function ensureMlflowOidcClient(progress: Progress = toStderr) {
  const packages = await ensureOverlay(
    {
      name: 'mlflow-oidc-client',
      installs: [['--require-hashes', '-r', REQUIREMENTS]],
      stamp: readFileSync(REQUIREMENTS, 'utf8'),
    },
    progress,
  )
  return { python: join(await ensureMlflow(progress), 'bin', 'python'), pythonPath: packages }
}
