import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './directories.ts'
import { ensureMlflow } from './mlflow.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { type Progress, toStderr } from './progress.ts'

export const clientPackage = join(checkout, 'infra', 'mlflow', 'client')
const TEST_REQUIREMENTS = join(clientPackage, 'requirements-test.txt')

export interface MlflowClient {
  /** Python interpreter of MLflow's environment. */
  readonly python: string
  /** PYTHONPATH with `modelops-gateway-mlflow` and pytest. */
  readonly pythonPath: string
}

/** Installs MLflow's Python client and `modelops-gateway-mlflow` with pip. @throws PartMissing */
export async function ensureMlflowClient(progress: Progress = toStderr): Promise<MlflowClient> {
  const overlay = {
    name: 'mlflow-client',
    installs: [['--require-hashes', '-r', TEST_REQUIREMENTS], [clientPackage]],
    stamp: clientPackageHash(),
  }
  const pythonPath = await ensureOverlay(overlay, progress)
  return { python: join(await ensureMlflow(progress), 'bin', 'python'), pythonPath }
}

/** Changes with the sources of the package. */
export function clientPackageHash(): string {
  const hash = createHash('sha256').update(readFileSync(TEST_REQUIREMENTS))
  hash.update(readFileSync(join(clientPackage, 'pyproject.toml')))
  const source = join(clientPackage, 'src', 'modelops_gateway_mlflow')
  for (const name of readdirSync(source)
    .filter((name) => name.endsWith('.py'))
    .sort()) {
    hash.update(name).update(readFileSync(join(source, name)))
  }
  return hash.digest('hex')
}
