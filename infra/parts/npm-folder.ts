import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const INSTALL = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

/** A folder with a lock file of its own, for tools that most contributors never need. */
export interface NpmFolder {
  readonly folder: string
  /** What is in it, for messages. */
  readonly what: string
  readonly megabytes: number
}

/** Installs the packages of a folder from its lock file, once. Later runs need no network. @throws PartMissing */
export async function ensureNpmFolder(
  { folder, what, megabytes }: NpmFolder,
  progress: Progress = toStderr,
): Promise<void> {
  const stamp = join(folder, 'node_modules', '.installed-lock')
  await withLock(`npm-${basename(folder)}-install`, progress, async () => {
    const lock = createHash('sha256')
      .update(readFileSync(join(folder, 'package-lock.json')))
      .digest('hex')
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
    progress(`installing ${what} (once, ${megabytes} MB)`)
    const { ok, tail } = await run('npm', INSTALL, { cwd: folder })
    if (!ok) {
      throw new PartMissing(
        `${what} is not installed, and npm could not install it. Check the network and the npm registry setting, then run the command again.\n${tail}`,
      )
    }
    writeFileSync(stamp, lock)
  })
}
