import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './directories.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { type Progress, toStderr } from './progress.ts'

const REQUIREMENTS = join(checkout, 'infra', 'mlflow', 'requirements-tracing.txt')

/**
 * PYTHONPATH under which MLflow finds the OpenTelemetry instrumentation of its web server. MLflow has none of its own.
 * @throws PartMissing
 */
export function ensureTracingOverlay(progress: Progress = toStderr): Promise<string> {
  const installs = [['--require-hashes', '-r', REQUIREMENTS]]
  return ensureOverlay({ name: 'tracing', installs, stamp: readFileSync(REQUIREMENTS, 'utf8') }, progress)
}
