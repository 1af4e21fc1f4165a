import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebian } from './debian.ts'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const VERSION = 'v1.7.7'

/** Builds actionlint, the checker of workflow files, once. Resolves to the path of the program. @throws PartMissing */
export async function ensureActionlint(progress: Progress = toStderr): Promise<string> {
  const folder = partsDirectory(`actionlint-${VERSION}`)
  const program = join(folder, 'actionlint')
  if (existsSync(program)) return program
  await ensureDebian([{ command: 'go', debianPackage: 'golang-go' }], progress)
  return await withLock('actionlint', progress, async () => {
    progress('building actionlint (once)')
    const env = { GOBIN: folder }
    const { ok, tail } = await run('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@${VERSION}`], { env })
    if (!ok)
      throw new PartMissing(`actionlint could not be built. It needs Go and access to the Go module proxy.\n${tail}`)
    return program
  })
}
