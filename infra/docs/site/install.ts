import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../parts/lock.ts'
import { PartMissing, type Progress, toStderr } from '../../parts/progress.ts'
import { run } from '../../parts/run.ts'

const HERE = import.meta.dirname
const STAMP = join(HERE, 'node_modules', '.installed-lock')
const INSTALL = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

/** Installs the generator from its lock file, once. Building needs no network afterwards. @throws PartMissing */
export async function ensureDocsSite(progress: Progress = toStderr): Promise<void> {
  await withLock('docs-site-install', progress, async () => {
    const lock = createHash('sha256')
      .update(readFileSync(join(HERE, 'package-lock.json')))
      .digest('hex')
    if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return
    progress('documentation website: installing VitePress (once, 100 MB)')
    const { ok, tail } = await run('npm', INSTALL, { cwd: HERE })
    if (!ok) {
      throw new PartMissing(
        `VitePress is not installed, and npm could not install it. Check the network and the npm registry setting, then run the command again.\n${tail}`,
      )
    }
    writeFileSync(STAMP, lock)
  })
}
