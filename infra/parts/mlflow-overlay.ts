import { createHash } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { ensureMlflow } from './mlflow.ts'
import { PartMissing, type Progress } from './progress.ts'
import { run } from './run.ts'

export interface Overlay {
  /** Folder of the parts directory. */
  readonly name: string
  /** Arguments for `pip install`, e.g. `-r FILE`. Dependencies are not installed. */
  readonly installs: readonly (readonly string[])[]
  /** Changes with the packages. Each version has a directory of its own, so that running processes keep theirs. */
  readonly stamp: string
}

/**
 * Installs Python packages beside MLflow's environment. Only processes with the directory in PYTHONPATH see them, so that
 * the server behind the gateway runs without them. Resolves to the directory.
 * @throws PartMissing
 */
export async function ensureOverlay(overlay: Overlay, progress: Progress): Promise<string> {
  const venv = await ensureMlflow(progress)
  return await withLock(overlay.name, progress, async () => {
    const hash = createHash('sha256').update(overlay.stamp).digest('hex').slice(0, 12)
    const target = partsDirectory(`${overlay.name}-${hash}`)
    const stamp = join(target, 'installed')
    if (existsSync(stamp)) return target
    rmSync(target, { recursive: true, force: true })
    for (const what of overlay.installs) await install(join(venv, 'bin', 'python'), target, what, progress)
    writeFileSync(stamp, '')
    return target
  })
}

async function install(python: string, target: string, what: readonly string[], progress: Progress): Promise<void> {
  progress(`MLflow: installing ${what.at(-1)} beside it`)
  const options = ['--no-deps', '--no-input', '--progress-bar', 'off', '--disable-pip-version-check']
  const result = await run(python, ['-m', 'pip', 'install', '--target', target, ...options, ...what])
  if (!result.ok) throw new PartMissing(`pip could not install ${what.at(-1)}.\n${result.tail}`)
}
