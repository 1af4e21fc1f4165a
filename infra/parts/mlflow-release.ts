import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { checkout } from './directories.ts'
import { type Mlflow, type MlflowOptions, startMlflow } from './mlflow.ts'
import { ensureOverlay } from './mlflow-overlay.ts'
import { type Progress, toStderr } from './progress.ts'

/** The releases that the gateway has a catalogue of, oldest first. The first is the pinned one. */
export const MLFLOW_RELEASES = ['3.17', '3.18'] as const
export type MlflowRelease = (typeof MLFLOW_RELEASES)[number]

/**
 * Makes a release ready and resolves to the environment under which MLflow's interpreter runs it: a later release is put
 * before the pinned one, over the same dependencies. @throws PartMissing
 */
export async function ensureRelease(
  release: MlflowRelease,
  progress: Progress = toStderr,
): Promise<Record<string, string>> {
  if (release === MLFLOW_RELEASES[0]) return {}
  const file = join(checkout, 'infra', 'mlflow', `requirements-${release}.txt`)
  const overlay = {
    name: `mlflow-${release}`,
    installs: [['--require-hashes', '-r', file]],
    stamp: readFileSync(file, 'utf8'),
  }
  return { PYTHONPATH: await ensureOverlay(overlay, progress) }
}

/** Starts a real MLflow of a release on loopback. */
export async function startRelease(release: MlflowRelease, options: MlflowOptions): Promise<Mlflow> {
  const { PYTHONPATH: packages } = await ensureRelease(release, options.progress)
  const path = [packages, options.env?.PYTHONPATH].filter((part) => part !== undefined).join(delimiter)
  return await startMlflow({ ...options, env: { ...options.env, ...(path !== '' && { PYTHONPATH: path }) } })
}
