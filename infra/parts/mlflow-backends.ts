import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './directories.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { type Progress, toStderr } from './progress.ts'

const REQUIREMENTS = join(checkout, 'infra', 'mlflow', 'requirements-backends.txt')

/** PYTHONPATH under which MLflow finds the drivers of PostgreSQL and MariaDB and the S3 client. @throws PartMissing */
export function ensureBackends(progress: Progress = toStderr): Promise<string> {
  const installs = [['--require-hashes', '-r', REQUIREMENTS]]
  return ensureOverlay({ name: 'mlflow-backends', installs, stamp: readFileSync(REQUIREMENTS, 'utf8') }, progress)
}
