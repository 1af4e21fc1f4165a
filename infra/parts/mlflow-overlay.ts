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
  /** What pip installs, e.g. `-r FILE`; dependencies are not followed. */
  readonly installs: readonly (readonly string[])[]
  /** Changes when other packages are wanted: they get a directory of their own, so that nobody loses theirs at work. */
  readonly stamp: string
}

/**
 * Makes sure of Python packages that lie beside MLflow's environment and are seen only by who puts the directory in
 * PYTHONPATH, so that the server a gateway stands before stays without them; resolves to the directory.
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
